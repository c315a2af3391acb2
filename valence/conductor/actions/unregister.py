# SPDX-License-Identifier: Apache-2.0
"""Unregistering: a node is taken back from what provisions it."""

from typing import Any

from valence.common import exception
from valence.conductor import states
from valence.conductor.actions import enrollment
from valence.conductor.engine.model import Action
from valence.conductor.engine.run import Run
from valence.db import api as db
from valence.db.sqlalchemy import models


class Unregister(Action):
    """A node is taken back."""

    name = 'unregister'
    steps = (enrollment.Withdraw,)

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        self._settle(tx, run, states.NO_ERROR)

    def failed(
        self,
        tx: db.Transaction,
        run: Run,
        error: exception.ErrorText,
    ) -> None:
        self._settle(tx, run, error.columns('last_error'))

    @staticmethod
    def _settle(tx: db.Transaction, run: Run, said: dict[str, Any]) -> None:
        # One that was in error before it was taken back is so still.
        if tx.get(models.Node, uuid=run.target, provision_state='updating'):
            states.move_node(tx, run.target, 'active', **said)
