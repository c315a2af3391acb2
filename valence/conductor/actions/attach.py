# SPDX-License-Identifier: Apache-2.0
"""Attaching a pooled device to a node."""

from valence.common import exception
from valence.conductor.actions import guard
from valence.conductor.actions import outcome
from valence.conductor.actions import steps
from valence.conductor.engine.model import NoResult
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db
from valence.db import shares


class ClaimDevice(steps.ReadsParts[NoResult]):
    """Allocate the device to the node."""

    name = 'claim_device'

    def do(self, run: Run) -> NoResult:
        with db.reader() as tx:
            device = steps.get_device(tx, run)
            full = device.uuid not in shares.of_node(tx, run.target) and (
                device.max_nodes is not None
                and device.sharers >= device.max_nodes
            )
        taken = device.node_uuid or device.hold_uuid
        if device.state != 'free' or taken is not None or full:
            raise exception.NoCapacity(
                reason=f'the device {device.name} is not free'
            )
        return {}

    def record(self, tx: db.Transaction, run: Run, result: NoResult) -> None:
        device = steps.get_device(tx, run)
        held = shares.of_node(tx, run.target)
        if device.node_uuid == run.target or device.uuid in held:
            return
        allocations.allocate(
            tx,
            run.target,
            device.podm_uuid,
            [],
            [device.uuid],
            run.operation.project_id,
        )

    def undo(self, run: Run, result: NoResult | None) -> None:
        self.read_parts(run)

    def unrecord(
        self, tx: db.Transaction, run: Run, result: NoResult | None
    ) -> None:
        self.store_parts(tx, run)
        device = run.params(steps.DeviceParams)['device']
        allocations.deallocate(tx, run.target, [device])


class AttachDevice(steps.NodeStep[steps.DeviceResult]):
    """Have the pod manager attach the device."""

    name = 'attach_device'

    def do(self, run: Run) -> steps.DeviceResult:
        uri = steps.device_uri(run)
        run.driver().attach(
            guard.owned(run, uri).uri,
            uri,
            steps.request_deadline(run),
            run.progress(),
        )
        node = outcome.check_attached(run, uri)
        return {'uri': uri, 'allowable': node.allowable}

    def undo(self, run: Run, result: steps.DeviceResult | None) -> None:
        outcome.cancel(run)
        uri = steps.device_uri(run)
        try:
            node = guard.owned(run, uri)
        except exception.ResourceGone:
            # Nothing is attached to a node that is gone.
            return
        run.driver().detach(
            node.uri, uri, steps.request_deadline(run), run.progress()
        )
        outcome.check_detached(run, uri)


class Attach(steps.ChangeDevices):
    """Attach a pooled device to a node."""

    name = 'attach'
    steps = (ClaimDevice, AttachDevice, steps.Refresh)
