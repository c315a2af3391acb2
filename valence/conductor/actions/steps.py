# SPDX-License-Identifier: Apache-2.0
"""What several actions share."""

from typing import NotRequired
from typing import TypedDict
from typing import TypeVar

from valence import quota
from valence.common import exception
from valence.common import identity
from valence.common.types import Allowable
from valence.conductor import states
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import R
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.conductor.inventory import drift
from valence.conductor.inventory import store
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects.node import CHANGED_HARDWARE
from valence.podmanagers import hardware
from valence.podmanagers.progress import Deadline


class NodeResult(TypedDict):
    """What a step has seen of the node that it changes.

    :param allowable: what the pod manager allows for it; a step that was done
        by an earlier release does not have it.
    """

    allowable: NotRequired[Allowable | None]


N = TypeVar('N', bound=NodeResult)


class NodeStep(Step[N]):
    """A step that stores what the pod manager allows for the node."""

    def record(self, tx: db.Transaction, run: Run, result: N) -> None:
        allowable = result.get('allowable')
        if allowable is not None:
            tx.update(models.Node, {'allowable': allowable}, uuid=run.target)


class ComposedResult(NodeResult):
    """A ``hardware.ComposedNode`` as a step's result."""

    uri: str
    index: str
    name: str
    mark: str | None
    power_state: str
    resources: list[str]
    uuid: NotRequired[str | None]


def composed_result(node: hardware.ComposedNode) -> ComposedResult:
    """A node that a driver returned, as a step's result."""
    return {
        'uri': node.uri,
        'index': node.index,
        'name': node.name,
        'mark': str(node.mark) if node.mark else None,
        'power_state': node.power_state,
        'resources': list(node.resources),
        'allowable': node.allowable,
        'uuid': identity.identifying_uuid(node.uuid),
    }


def shown(result: ComposedResult) -> dict[str, object]:
    """The columns of a node that the pod manager shows, and may change."""
    return {
        'power_state': result['power_state'],
        'allowable': result.get('allowable'),
    }


def request_deadline(run: Run) -> Deadline:
    """The deadline of a short request that may be sent twice."""
    return run.idempotent(run.request_timeout())


class ReadsParts(Step[R]):
    """A step that reads the parts of the node and stores what it saw."""

    def __init__(self) -> None:
        self._seen = hardware.Inventory()
        self._since = db.now()

    def read_parts(self, run: Run) -> list[str]:
        """Read the parts that are allocated to the node.

        :returns: what could not be read. That fails no operation: the next
            sync reads it again.
        """
        self._since = db.now()
        self._seen = _read_parts(run)
        return self._seen.problems

    def store_parts(self, tx: db.Transaction, run: Run) -> None:
        """Store what ``read_parts`` saw, unless newer values are stored."""
        if run.operation.podm_uuid is not None:
            store.write(
                tx,
                run.operation.podm_uuid,
                self._seen,
                partial=True,
                since=self._since,
            )


def _read_parts(run: Run) -> hardware.Inventory:
    uris = allocations.allocated_uris(run.target)
    if run.operation.podm_uuid is None or not uris:
        return hardware.Inventory()
    try:
        seen = run.driver().refresh(uris, request_deadline(run))
    except exception.PodManagerError as exc:
        seen = hardware.Inventory(problems=[str(exc)])
    run.ensure_lease()
    return seen


class RefreshResult(TypedDict):
    """:param problem: what could not be read."""

    problem: str | None


class Refresh(ReadsParts[RefreshResult]):
    """Read the parts of the node, whose state the operation has changed."""

    name = 'refresh'

    def do(self, run: Run) -> RefreshResult:
        problems = self.read_parts(run)
        return {'problem': '; '.join(problems)[:1000] or None}

    def record(
        self, tx: db.Transaction, run: Run, result: RefreshResult
    ) -> None:
        self.store_parts(tx, run)
        drift.record_baseline(tx, run.target)


class ChangeNode(Action):
    """An action after which the node is active, even if it failed."""

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        states.move_node(tx, run.target, 'active', **states.NO_ERROR)

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        node = tx.get(models.Node, uuid=run.target, provision_state='updating')
        if node is None:
            return
        if node.fault == CHANGED_HARDWARE:
            states.fail_node(tx, run.target, error, fault=node.fault)
        else:
            states.move_node(tx, run.target, 'active', last_error=error)


class ChangeDevices(ChangeNode):
    """An action after which the node is charged the devices that it has."""

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        super().succeeded(tx, run)
        quota.recharge(tx, run.target)

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        super().failed(tx, run, error)
        # A device that could not be detached again stays charged.
        quota.recharge(tx, run.target)


class DeviceParams(TypedDict):
    """The parameters of attaching and detaching a device.

    :param device: its UUID.
    """

    device: str


def get_device(tx: db.Transaction, run: Run) -> models.Device:
    """The device that is attached or detached.

    :raises ResourceGone: when the inventory does not contain it any more.
    """
    uuid = run.params(DeviceParams)['device']
    device = tx.get(models.Device, uuid=uuid)
    if device is None:
        raise exception.ResourceGone(uri=f'the device {uuid}')
    return device


def device_uri(run: Run) -> str:
    """The URI of the device that is attached or detached.

    :raises ResourceGone: when the inventory does not contain it any more.
    """
    with db.reader() as tx:
        return get_device(tx, run).resource_uri


class DeviceResult(NodeResult):
    """:param uri: the URI of the device."""

    uri: str
