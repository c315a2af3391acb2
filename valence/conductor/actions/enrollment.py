# SPDX-License-Identifier: Apache-2.0
"""Steps that register a node with a provisioner, and unregister it.

A node has the same UUID in the provisioner. ``managed_by`` is set before the
provisioner may know the node, and cleared once it certainly does not.
"""

import contextlib
from typing import ClassVar
from typing import NotRequired
from typing import TypedDict

from oslo_config import cfg

from valence.common import exception
from valence.common.types import JsonObject
from valence.conductor import machines
from valence.conductor import ports
from valence.conductor import registrations
from valence.conductor.actions import guard
from valence.conductor.engine.model import AnyStep
from valence.conductor.engine.model import NoResult
from valence.conductor.engine.model import R
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import drift
from valence.objects.registration import Registration
from valence.podmanagers.hardware import Wiring
from valence.podmanagers.progress import Deadline
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
    :param wiring: what is known of their connections, by address; earlier
        releases did not record it.
    :param known_as: the state of the node in the provisioner; None: it does
        not know the node yet.
    :param managed_by: the provisioner that it was registered with before.
    """

    uri: str
    macs: list[str]
    wiring: NotRequired[dict[str, Wiring]]
    known_as: str | None
    managed_by: str | None


class ReadSystem(_ProvisionerStep[SystemResult]):
    """Read the system of the node, and its state in the provisioner."""

    name = 'read_system'

    def do(self, run: Run) -> SystemResult:
        # Missing credentials are reported before anything is changed.
        machines.login(machines.pod_manager(run))
        guard.owned(run)
        node = db.get(models.Node, uuid=run.target)
        target = run.driver().management_target(
            allocations.node_uri(run.target), _deadline(run)
        )
        ports.check(options(run.operation.params), target.macs)
        return {
            'uri': target.uri,
            'macs': list(target.macs),
            'wiring': dict(target.wiring),
            'known_as': _provisioner(run).state(run.target, _deadline(run)),
            'managed_by': node.managed_by if node else None,
        }

    def record(
        self, tx: db.Transaction, run: Run, result: SystemResult
    ) -> None:
        driver = result['managed_by'] or cfg.CONF.provisioning.driver
        tx.update(models.Node, {'managed_by': driver}, uuid=run.target)

    def unrecord(
        self, tx: db.Transaction, run: Run, result: SystemResult | None
    ) -> None:
        # A node that was registered before stays registered.
        if result is not None and result.get('managed_by') is None:
            _clear_managed(tx, run.target)


class StateResult(TypedDict):
    """:param state: the state of the node in the provisioner."""

    state: str


class Enroll(_ProvisionerStep[StateResult]):
    """Create the node in the provisioner, or update it there."""

    name = 'enroll'

    def do(self, run: Run) -> StateResult:
        guard.owned(run)
        machine = _machine(run)
        return {'state': _provisioner(run).enroll(machine, _deadline(run))}

    def record(
        self, tx: db.Transaction, run: Run, result: StateResult
    ) -> None:
        _store_state(tx, run, result)

    def undo(self, run: Run, result: StateResult | None) -> None:
        # A node that was known before stays known.
        before = run.result(ReadSystem)
        if before['known_as'] is not None or before.get('managed_by'):
            return
        provisioner = _provisioner(run)
        if result is None and not provisioner.state(
            run.target, _deadline(run)
        ):
            # It was never created.
            return
        _remove(run, provisioner, undo=True)


class PortsResult(TypedDict):
    """:param registration: all that was handed over to the provisioner."""

    registration: Registration


class CreatePorts(_ProvisionerStep[PortsResult]):
    """Create a port in the provisioner for each network interface."""

    name = 'create_ports'

    def do(self, run: Run) -> PortsResult:
        machine = _machine(run)
        registration = _provisioner(run).create_ports(machine, _deadline(run))
        requested = ports.requested(
            options(run.operation.params), machine.registered
        )
        if requested:
            registration = {**registration, 'ports': requested}
        return {'registration': registration}

    def record(
        self, tx: db.Transaction, run: Run, result: PortsResult
    ) -> None:
        _store_registration(tx, run, result['registration'])


class _Begin(_ProvisionerStep[NoResult]):
    """Have the provisioner begin a transition."""

    goal: ClassVar[str]

    def do(self, run: Run) -> NoResult:
        # The provisioner resets the hardware, or erases it.
        guard.owned(run)
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
    goals = {goal for goal in base.GOALS if how.get(goal)}
    if goals:
        # All other transitions begin at the state "manageable".
        goals.add('manage')
    return (
        *_ENROLLMENT,
        *(
            step
            for goal in base.GOALS
            if goal in goals
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
        force = bool(run.operation.params.get('force'))
        _remove(run, _provisioner(run), force=force)
        return {'provisioner': node.managed_by}

    def record(
        self, tx: db.Transaction, run: Run, result: UnregisterResult
    ) -> None:
        _clear_managed(tx, run.target)


class UnregisterOwn(Unregister):
    """Unregister a node that is released then, if that may happen at all."""

    def do(self, run: Run) -> UnregisterResult:
        with contextlib.suppress(exception.ResourceGone):
            guard.owned(run)
        return super().do(run)


def _remove(
    run: Run,
    provisioner: base.Provisioner,
    *,
    undo: bool = False,
    force: bool = False,
) -> None:
    """Delete the node in the provisioner."""
    with db.reader() as tx:
        node = tx.list(models.Node, uuid=run.target).one()
        registered = {
            **registrations.of_nodes(tx, str(node.managed_by)),
            node.uuid: registrations.handed_over(node),
        }
    provisioner.remove(
        *(run.target, registered, _deadline(run)), undo=undo, force=force
    )


def _machine(run: Run) -> base.Machine:
    """The description of the node for its provisioner."""
    found = run.result(ReadSystem)
    how = options(run.operation.params)
    node = db.get(models.Node, uuid=run.target)
    return machines.machine(
        run,
        found['uri'],
        ports.of_node(
            found['macs'],
            found.get('wiring', {}),
            ports.requested(how, node.registration if node else None),
        ),
        how,
        known=found.get('managed_by') is not None,
    )


def _store_registration(
    tx: db.Transaction, run: Run, registration: Registration
) -> None:
    """Store what was handed over, from which differences are measured."""
    node = tx.list(models.Node, uuid=run.target).one()
    registrations.close(tx, node)
    tx.update(
        models.Node,
        {
            'registration': registration,
            'resource_class': options(run.operation.params).get(
                'resource_class'
            )
            or node.resource_class
            or registration.get('resource_class'),
            'drift': drift.with_registration(node.drift, None),
        },
        uuid=run.target,
    )


def _clear_managed(tx: db.Transaction, uuid: str) -> None:
    node = tx.get(models.Node, uuid=uuid)
    if node is not None:
        registrations.close(tx, node)
        values = {
            'managed_by': None,
            'managed_state': None,
            'managed_status': None,
            'managed_error': None,
            'registration': None,
            'drift': drift.with_registration(node.drift, None),
        }
        tx.update(models.Node, values, uuid=uuid)


def _store_state(tx: db.Transaction, run: Run, result: StateResult) -> None:
    tx.update(models.Node, {'managed_state': result['state']}, uuid=run.target)
