# SPDX-License-Identifier: Apache-2.0
"""Taking a pooled device away from a node."""

from typing import Any

from valence import quota
from valence.conductor.actions import steps
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db


class UnclaimDevice(steps.Refresh):
    """Look at the device again, and let it go."""

    name = 'unclaim'

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        super().record(tx, run, result)
        # No pod manager erases what it merely takes away.
        device = run.operation.params['device']
        allocations.release_resources(
            tx, run.target, erased=False, uuids=[device]
        )
        quota.refund(tx, run.target, run.operation.params['charge'])


class Detach(steps.Change):
    """A pooled device is taken away from a node."""

    name = 'detach'
    steps = (steps.Part, UnclaimDevice)
