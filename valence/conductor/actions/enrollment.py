# SPDX-License-Identifier: Apache-2.0
"""The steps by which a node is handed to what provisions it, and taken back.

The node bears its UUID there, too. From the moment that it may be known there
it says so in ``managed_by``; it does not any more when it certainly is not.
"""

import dataclasses
from typing import Any
from typing import ClassVar

from oslo_config import cfg

from valence.common import exception
from valence.common import secrets
from valence.conductor import managed_nodes
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.base import Deadline
from valence.provisioning import base
from valence.provisioning import loader


def options(params: dict[str, Any]) -> dict[str, Any]:
    """How a node is to be handed over."""
    return params.get('register') or {}


def _deadline(run: Run) -> Deadline:
    return run.idempotent(cfg.CONF.redfish.request_timeout)


def _provisioner(run: Run) -> base.Provisioner:
    node = db.get(models.Node, uuid=run.target)
    name = node.managed_by if node is not None else None
    return loader.get(name or cfg.CONF.provisioning.driver)


class _Step(Step):
    """A step that is waited for as long as [provisioning] says."""

    def timeout(self, run: Run) -> float:
        return float(cfg.CONF.provisioning.timeout)


class Examine(_Step):
    """See what the pod manager shows of the node, and who knows it already."""

    name = 'examine'

    def do(self, run: Run) -> dict[str, Any]:
        # What cannot be told is found out before anything was done.
        _login(_pod_manager(run))
        found = run.driver().management_target(
            allocations.node_uri(run.target), _deadline(run)
        )
        known = _provisioner(run).state(run.target, _deadline(run))
        return {**dataclasses.asdict(found), 'known as': known}

    def record(
        self, tx: db.Transaction, run: Run, result: dict[str, Any]
    ) -> None:
        tx.update(
            models.Node,
            {'managed_by': cfg.CONF.provisioning.driver},
            uuid=run.target,
        )

    def unrecord(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any] | None,
    ) -> None:
        _free(tx, run.target)


class Enrol(_Step):
    """Make the node known. One that was known before stays so."""

    name = 'enrol'

    def do(self, run: Run) -> dict[str, Any]:
        machine = _machine(run)
        return {'state': _provisioner(run).enroll(machine, _deadline(run))}

    def record(
        self, tx: db.Transaction, run: Run, result: dict[str, Any]
    ) -> None:
        _note(tx, run, result)

    def undo(self, run: Run, result: dict[str, Any] | None) -> None:
        if run.result(Examine.name)['known as'] is None:
            _provisioner(run).remove(run.target, _deadline(run), undo=True)


class Connect(_Step):
    """Make the node's network interfaces known."""

    name = 'connect'

    def do(self, run: Run) -> dict[str, Any]:
        machine = _machine(run)
        return {
            'macs': _provisioner(run).create_ports(machine, _deadline(run))
        }


class _Begin(_Step):
    """Have something begun with the node."""

    goal: ClassVar[str]

    def do(self, run: Run) -> dict[str, Any]:
        _provisioner(run).request_goal(run.target, self.goal, _deadline(run))
        return {}


class _Reach(_Step):
    """Wait until that has come to its end."""

    goal: ClassVar[str]

    def do(self, run: Run) -> dict[str, Any]:
        found = _provisioner(run).poll_goal(
            run.target, self.goal, _deadline(run)
        )
        return {'state': found}

    def record(
        self, tx: db.Transaction, run: Run, result: dict[str, Any]
    ) -> None:
        _note(tx, run, result)


def _pair(goal: str, done: str) -> tuple[type[_Step], ...]:
    return (
        type(f'Begin{goal}', (_Begin,), {'name': goal, 'goal': goal}),
        type(f'Reach{goal}', (_Reach,), {'name': done, 'goal': goal}),
    )


_BASE = (Examine, Enrol, Connect)
_GOALS = {
    'manage': _pair('manage', 'managed'),
    'inspect': _pair('inspect', 'inspected'),
    'provide': _pair('provide', 'provided'),
}


def steps(how: dict[str, Any]) -> tuple[type[Step], ...]:
    """The steps by which a node is handed over.

    :param how: what was asked for, as the API has it.
    """
    # Nothing can be done with a node before it is manageable.
    wanted = {goal for goal in base.GOALS if how.get(goal)}
    goals = [
        g for g in base.GOALS if g in wanted or (wanted and g == 'manage')
    ]
    return (*_BASE, *(step for goal in goals for step in _GOALS[goal]))


class Withdraw(_Step):
    """Have the node forgotten where it is known, unless it is used there."""

    name = 'withdraw'

    def do(self, run: Run) -> dict[str, Any]:
        node = db.get(models.Node, uuid=run.target)
        if node is None or node.managed_by is None:
            return {}
        _provisioner(run).remove(run.target, _deadline(run))
        return {'from': node.managed_by}

    def record(
        self, tx: db.Transaction, run: Run, result: dict[str, Any]
    ) -> None:
        _free(tx, run.target)


def _free(tx: db.Transaction, uuid: str) -> None:
    node = tx.get(models.Node, uuid=uuid)
    if node is not None:
        values = {
            'managed_by': None,
            'managed_state': None,
            'drift': managed_nodes.drift(node.drift, node.managed_by, None),
        }
        tx.update(models.Node, values, uuid=uuid)


def _note(tx: db.Transaction, run: Run, result: dict[str, Any]) -> None:
    tx.update(models.Node, {'managed_state': result['state']}, uuid=run.target)


def _pod_manager(run: Run) -> models.PodManager:
    podm = db.get(models.PodManager, uuid=run.operation.podm_uuid)
    if podm is None:
        raise exception.ResourceGone(
            uri=f'the pod manager {run.operation.podm_uuid}'
        )
    return podm


def _login(podm: models.PodManager) -> tuple[str | None, str | None]:
    """As whom others drive the hardware of a pod manager.

    :raises Conflict: when there is no login for them: ours is ours.
    """
    if podm.username is not None and podm.hardware_username is None:
        raise exception.Conflict(
            f'The pod manager {podm.name} has no login for those who drive '
            f'its hardware: set hardware_username and hardware_password.'
        )
    return podm.hardware_username, secrets.decrypt(podm.hardware_password)


def _machine(run: Run) -> base.Machine:
    """What is told of the node: what was seen, and what is known of it."""
    found, how = run.result(Examine.name), options(run.operation.params)
    podm = _pod_manager(run)
    username, password = _login(podm)
    with db.reader() as tx:
        node = tx.list(models.Node, uuid=run.target).one()
        flavor = tx.get(models.Flavor, uuid=node.flavor_uuid)
        systems = tx.list(models.System, node_uuid=node.uuid).all()
        devices = tx.list(models.Device, node_uuid=node.uuid).all()
    drives = [drive for row in systems for drive in row.drives]
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
        disk_gib=max(
            (
                *(int(drive['capacity_gib'] or 0) for drive in drives),
                *(row.capacity_gib for row in devices),
            ),
            default=0,
        ),
        architecture=next(
            (row.cpu_architecture for row in systems if row.cpu_architecture),
            None,
        ),
        resource_class=how.get('resource_class')
        or (flavor.name if flavor else None),
        traits=(
            *how.get('traits', ()),
            *sorted(
                f'CUSTOM_{kind.upper()}'
                for kind in {row.type for row in devices}
                | {drive['type'] for drive in drives if drive['type']}
            ),
        ),
    )
