# SPDX-License-Identifier: Apache-2.0
"""Unregistering a node from the provisioner that manages it."""

from valence.common import exception
from valence.conductor import states
from valence.conductor.actions import enrollment
from valence.conductor.engine.model import Action
from valence.conductor.engine.run import Run
from valence.db import api as db
from valence.db.sqlalchemy import models


class Unregister(Action):
    """Unregister a node from its provisioner."""

    name = 'unregister'
    steps = (enrollment.Unregister,)

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        _end_update(tx, run, None)

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        _end_update(tx, run, error)


def _end_update(
    tx: db.Transaction, run: Run, error: exception.ErrorText | None
) -> None:
    # A node that was in the state error before stays there.
    if tx.get(models.Node, uuid=run.target, provision_state='updating'):
        states.move_node(tx, run.target, 'active', last_error=error)
