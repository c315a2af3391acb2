# SPDX-License-Identifier: Apache-2.0
"""Registering: a node is handed to what provisions it, and taken back."""

from typing import Any

from valence.common import exception
from valence.conductor import states
from valence.conductor.actions import change
from valence.conductor.actions import handover
from valence.conductor.engine import engine
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.provisioning import base


class Register(change.Change):
    """A node is handed to what provisions it."""

    name = 'register'
    steps = handover.steps(dict.fromkeys(base.GOALS, True))

    def plan(self, params: dict[str, Any]) -> tuple[type[engine.Step], ...]:
        return handover.steps(handover.options(params))


class Unregister(engine.Action):
    """A node is taken back."""

    name = 'unregister'
    steps = (handover.Withdraw,)

    def succeeded(self, tx: db.Transaction, run: engine.Run) -> None:
        self._settle(tx, run, states.WELL)

    def failed(
        self,
        tx: db.Transaction,
        run: engine.Run,
        error: exception.Told,
    ) -> None:
        self._settle(tx, run, error.columns('last_error'))

    @staticmethod
    def _settle(
        tx: db.Transaction, run: engine.Run, said: dict[str, Any]
    ) -> None:
        # One that was in error before it was taken back is so still.
        if tx.get(models.Node, uuid=run.target, provision_state='updating'):
            states.move_node(tx, run.target, 'active', **said)
