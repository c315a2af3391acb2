# SPDX-License-Identifier: Apache-2.0
"""Detaching a pooled device from a node."""

from valence.conductor.actions import guard
from valence.conductor.actions import outcome
from valence.conductor.actions import steps
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db


class DetachDevice(steps.NodeStep[steps.DeviceResult]):
    """Have the pod manager detach the device."""

    name = 'detach_device'

    def do(self, run: Run) -> steps.DeviceResult:
        uri = steps.device_uri(run)
        run.driver().detach(
            guard.owned(run, uri).uri,
            uri,
            steps.request_deadline(run),
            run.progress(),
        )
        node = outcome.check_detached(run, uri)
        return {'uri': uri, 'allowable': node.allowable}

    def undo(self, run: Run, result: steps.DeviceResult | None) -> None:
        """Attach the device again: it is still allocated to the node."""
        outcome.cancel(run)
        uri = steps.device_uri(run)
        run.driver().attach(
            guard.owned(run, uri).uri,
            uri,
            steps.request_deadline(run),
            run.progress(),
        )
        outcome.check_attached(run, uri)


class ReleaseDevice(steps.Refresh):
    """Read the device again, and end its allocation."""

    name = 'release_device'

    def record(
        self, tx: db.Transaction, run: Run, result: steps.RefreshResult
    ) -> None:
        super().record(tx, run, result)
        params = run.params(steps.DeviceParams)
        # No pod manager erases a device when it detaches it.
        allocations.release_resources(
            tx, run.target, erased=False, uuids=[params['device']]
        )


class Detach(steps.ChangeDevices):
    """Detach a pooled device from a node."""

    name = 'detach'
    steps = (DetachDevice, ReleaseDevice)
    reversible = False
