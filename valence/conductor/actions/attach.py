# SPDX-License-Identifier: Apache-2.0
"""Joining a pooled device to a node."""

from typing import Any

from oslo_utils import timeutils

from valence import quota
from valence.common import exception
from valence.conductor.actions import steps
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db
from valence.podmanagers import hardware


class ClaimDevice(Step):
    """Claim the device for the node."""

    name = 'claim'

    def __init__(self) -> None:
        self.seen = hardware.Inventory()
        self.since = timeutils.utcnow()

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        device = steps.device(tx, run)
        if device.node_uuid == run.target:
            return
        allocations.allocate(
            tx,
            run.target,
            device.podm_uuid,
            [],
            [device.uuid],
            run.operation.project_id,
        )

    def do(self, run: Run) -> dict[str, Any]:
        with db.reader() as tx:
            device = steps.device(tx, run)
        if device.state != 'free' or device.node_uuid is not None:
            raise exception.NoCapacity(
                reason=f'the device {device.name} is not free'
            )
        return {}

    def undo(self, run: Run, result: dict[str, Any] | None) -> None:
        self.seen, self.since = steps.look_again(run)

    def unrecord(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any] | None,
    ) -> None:
        steps.store(tx, run, self.seen, self.since)
        _unclaim(tx, run)


class Attach(steps.Change):
    """A pooled device is joined to a node."""

    name = 'attach'
    steps = (ClaimDevice, steps.Join, steps.Refresh)

    def failed(
        self,
        tx: db.Transaction,
        run: Run,
        error: exception.ErrorText,
    ) -> None:
        super().failed(tx, run, error)
        quota.refund(tx, run.target, run.operation.params['charge'])


def _unclaim(tx: db.Transaction, run: Run) -> None:
    allocations.deallocate(tx, run.target, [run.operation.params['device']])
