# SPDX-License-Identifier: Apache-2.0
"""Steps that register a node with a provisioner, and unregister it.

A node has the same UUID in the provisioner. ``managed_by`` is set before the
provisioner may know the node, and cleared once it certainly does not.
"""

from typing import ClassVar
from typing import TypedDict

from oslo_config import cfg

from valence.common import exception
from valence.common import secrets
from valence.common.types import JsonObject
from valence.conductor.engine.model import AnyStep
from valence.conductor.engine.model import NoResult
from valence.conductor.engine.model import R
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import drift
from valence.podmanagers.base import Deadline
from valence.provisioning import base
from valence.provisioning import loader


def options(params: JsonObject) -> JsonObject:
    """How to register a node, as the API has it."""
    found: JsonObject | None = params.get('register')
    return found or {}


def _deadline(run: Run) -> Deadline:
    return run.idempotent(cfg.CONF.redfish.request_timeout)


def _provisioner(run: Run) -> base.Provisioner:
    node = db.get(models.Node, uuid=run.target)
    name = node.managed_by if node is not None else None
    return loader.get(name or cfg.CONF.provisioning.driver)


class _ProvisionerStep(Step[R]):
    """A step that times out after [provisioning] timeout."""

    def timeout(self, run: Run) -> float:
        return float(cfg.CONF.provisioning.timeout)


class SystemResult(TypedDict):
    """What the provisioner has to know of the node's hardware.

    :param uri: of the computer system.
    :param macs: the MAC addresses of its network interfaces.
    :param known_as: the state of the node in the provisioner; None: it does
        not know the node yet.
    """

    uri: str
    macs: list[str]
    known_as: str | None


class ReadSystem(_ProvisionerStep[SystemResult]):
    """Read the system of the node, and its state in the provisioner."""

    name = 'read_system'

    def do(self, run: Run) -> SystemResult:
        # Missing credentials are reported before anything is changed.
        _credentials(_pod_manager(run))
        target = run.driver().management_target(
            allocations.node_uri(run.target), _deadline(run)
        )
        return {
            'uri': target.uri,
            'macs': list(target.macs),
            'known_as': _provisioner(run).state(run.target, _deadline(run)),
        }

    def record(
        self, tx: db.Transaction, run: Run, result: SystemResult
    ) -> None:
        tx.update(
            models.Node,
            {'managed_by': cfg.CONF.provisioning.driver},
            uuid=run.target,
        )

    def unrecord(
        self, tx: db.Transaction, run: Run, result: SystemResult | None
    ) -> None:
        _clear_managed(tx, run.target)


class StateResult(TypedDict):
    """:param state: the state of the node in the provisioner."""

    state: str


class Enroll(_ProvisionerStep[StateResult]):
    """Create the node in the provisioner, or update it there."""

    name = 'enroll'

    def do(self, run: Run) -> StateResult:
        machine = _machine(run)
        return {'state': _provisioner(run).enroll(machine, _deadline(run))}

    def record(
        self, tx: db.Transaction, run: Run, result: StateResult
    ) -> None:
        _store_state(tx, run, result)

    def undo(self, run: Run, result: StateResult | None) -> None:
        # A node that was known before stays known.
        if run.result(ReadSystem)['known_as'] is None:
            _provisioner(run).remove(run.target, _deadline(run), undo=True)


class PortsResult(TypedDict):
    """:param macs: the MAC addresses that the provisioner knows."""

    macs: list[str]


class CreatePorts(_ProvisionerStep[PortsResult]):
    """Create a port in the provisioner for each network interface."""

    name = 'create_ports'

    def do(self, run: Run) -> PortsResult:
        machine = _machine(run)
        return {
            'macs': _provisioner(run).create_ports(machine, _deadline(run))
        }


class _Begin(_ProvisionerStep[NoResult]):
    """Have the provisioner begin a transition."""

    goal: ClassVar[str]

    def do(self, run: Run) -> NoResult:
        _provisioner(run).request_goal(run.target, self.goal, _deadline(run))
        return {}


class _Wait(_ProvisionerStep[StateResult]):
    """Wait until the transition has ended."""

    goal: ClassVar[str]

    def do(self, run: Run) -> StateResult:
        state = _provisioner(run).poll_goal(
            run.target, self.goal, _deadline(run)
        )
        return {'state': state}

    def record(
        self, tx: db.Transaction, run: Run, result: StateResult
    ) -> None:
        _store_state(tx, run, result)


class Manage(_Begin):
    name = goal = 'manage'


class WaitManaged(_Wait):
    name = 'wait_managed'
    goal = 'manage'


class Inspect(_Begin):
    name = goal = 'inspect'


class WaitInspected(_Wait):
    name = 'wait_inspected'
    goal = 'inspect'


class Provide(_Begin):
    name = goal = 'provide'


class WaitProvided(_Wait):
    name = 'wait_provided'
    goal = 'provide'


_ENROLLMENT = (ReadSystem, Enroll, CreatePorts)
_TRANSITIONS: dict[str, tuple[type[AnyStep], ...]] = {
    'manage': (Manage, WaitManaged),
    'inspect': (Inspect, WaitInspected),
    'provide': (Provide, WaitProvided),
}


def steps(how: JsonObject) -> tuple[type[AnyStep], ...]:
    """The steps that register a node.

    :param how: what was requested, as the API has it.
    """
    wanted = {goal for goal in base.GOALS if how.get(goal)}
    if wanted:
        # All other transitions begin at the state "manageable".
        wanted.add('manage')
    return (
        *_ENROLLMENT,
        *(
            step
            for goal in base.GOALS
            if goal in wanted
            for step in _TRANSITIONS[goal]
        ),
    )


class UnregisterResult(TypedDict, total=False):
    """Empty if the node was not registered.

    :param provisioner: where it was registered.
    """

    provisioner: str


class Unregister(_ProvisionerStep[UnregisterResult]):
    """Delete the node in the provisioner, unless it is in use there."""

    name = 'unregister'

    def do(self, run: Run) -> UnregisterResult:
        node = db.get(models.Node, uuid=run.target)
        if node is None or node.managed_by is None:
            return {}
        _provisioner(run).remove(run.target, _deadline(run))
        return {'provisioner': node.managed_by}

    def record(
        self, tx: db.Transaction, run: Run, result: UnregisterResult
    ) -> None:
        _clear_managed(tx, run.target)


def _clear_managed(tx: db.Transaction, uuid: str) -> None:
    node = tx.get(models.Node, uuid=uuid)
    if node is not None:
        values = {
            'managed_by': None,
            'managed_state': None,
            'drift': drift.with_missing_in(node.drift, None),
        }
        tx.update(models.Node, values, uuid=uuid)


def _store_state(tx: db.Transaction, run: Run, result: StateResult) -> None:
    tx.update(models.Node, {'managed_state': result['state']}, uuid=run.target)


def _pod_manager(run: Run) -> models.PodManager:
    podm = db.get(models.PodManager, uuid=run.operation.podm_uuid)
    if podm is None:
        raise exception.ResourceGone(
            uri=f'the pod manager {run.operation.podm_uuid}'
        )
    return podm


def _credentials(podm: models.PodManager) -> tuple[str | None, str | None]:
    """The user name and password that a provisioner logs in with.

    :raises Conflict: when there are none: those of Valence are not shared.
    """
    if podm.username is not None and podm.hardware_username is None:
        raise exception.Conflict(
            f'The pod manager {podm.name} has no credentials for '
            f'provisioners: set hardware_username and hardware_password.'
        )
    return podm.hardware_username, secrets.decrypt(podm.hardware_password)


def _machine(run: Run) -> base.Machine:
    """The description of the node for its provisioner."""
    found, how = run.result(ReadSystem), options(run.operation.params)
    podm = _pod_manager(run)
    username, password = _credentials(podm)
    with db.reader() as tx:
        node = tx.list(models.Node, uuid=run.target).one()
        flavor = tx.get(models.Flavor, uuid=node.flavor_uuid)
        systems = tx.list(models.System, node_uuid=node.uuid).all()
        devices = tx.list(models.Device, node_uuid=node.uuid).all()
    drives = [drive for row in systems for drive in row.drives]
    sizes = [int(drive['capacity_gib'] or 0) for drive in drives]
    sizes += [row.capacity_gib for row in devices]
    kinds = {row.type for row in devices}
    kinds.update(drive['type'] for drive in drives if drive['type'])
    architectures = [row.cpu_architecture for row in systems]
    return base.Machine(
        uuid=node.uuid,
        name=node.name,
        project_id=node.project_id,
        address=podm.hardware_url or podm.url,
        system=found['uri'],
        username=username,
        password=password,
        auth_type=podm.auth_type,
        insecure=podm.insecure,
        macs=tuple(found['macs']),
        cpus=sum(row.cpu_threads or row.cpu_cores for row in systems)
        + sum(row.cpu_cores for row in devices),
        memory_mib=sum(row.memory_mib for row in (*systems, *devices)),
        disk_gib=max(sizes, default=0),
        architecture=next(filter(None, architectures), None),
        resource_class=how.get('resource_class')
        or (flavor.name if flavor else None),
        traits=(
            *how.get('traits', ()),
            *sorted(f'CUSTOM_{kind.upper()}' for kind in kinds),
        ),
    )
