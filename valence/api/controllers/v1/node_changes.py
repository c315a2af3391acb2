# SPDX-License-Identifier: Apache-2.0
"""Requests that change an existing node, each in one transaction."""

from valence import quota
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import standing
from valence.common import exception
from valence.common.types import JsonObject
from valence.conductor import abandon as giving_up
from valence.conductor import requests as conductor
from valence.conductor import states
from valence.db import api as db
from valence.db import conditions
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.objects.condition import NO_CHANGE
from valence.objects.condition import NO_RELEASE
from valence.scheduler import registrable

# The boot override of which the target does not matter.
_DISABLED = 'Disabled'


def registration(options: bool | JsonObject | None) -> JsonObject:
    """The parameters of an operation that registers the node, if requested.

    :raises Invalid: if a port is there twice.
    """
    if options in (None, False):
        return {}
    if not isinstance(options, dict):
        return {'register': {}}
    listed = [
        one['address'].lower().replace('-', ':')
        for one in options.get('ports', ())
    ]
    for address in listed:
        if listed.count(address) > 1:
            raise exception.Invalid(
                field='ports', reason=f'{address} is there twice'
            )
    return {'register': options}


def check_registrable(podm: models.PodManager) -> None:
    """Reject the registration of nodes that no provisioner can manage.

    :raises Conflict: with the reason.
    """
    reason = registrable.rejection_reason(podm)
    if reason:
        raise exception.Conflict(f'Pod manager {podm.name}: {reason}.')


@db.transaction
def release(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
    unregister: bool,
) -> tuple[str, str]:
    """Request the release of a node; UUIDs of node and operation."""
    row = controller.find(tx, call)
    if row.managed_by is not None and not unregister:
        raise exception.Conflict(
            f'{conductor.managed(row)} Or use unregister=true.'
        )
    standing.check(call, conditions.of_node(tx, row), NO_RELEASE)
    return row.uuid, conductor.request_release(
        tx, call.context, row, unregister
    )


@db.transaction
def abandon(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
) -> tuple[str, str]:
    """Delete a node from the database only; UUIDs of node and operation."""
    row = controller.find(tx, call)
    return row.uuid, giving_up.abandon(tx, call.context, row)


@db.transaction
def register(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
) -> tuple[str, str]:
    """Request the registration with Ironic.

    A node that is registered is updated there.
    """
    row = controller.find(tx, call)
    podm = tx.get(models.PodManager, uuid=row.podm_uuid)
    if podm is not None:
        check_registrable(podm)
    operation = conductor.request_on_node(
        tx, call.context, 'register', row, registration(call.body)
    )
    states.move_node(tx, row.uuid, 'updating')
    return row.uuid, operation


@db.transaction
def unregister(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
) -> tuple[str, str]:
    """Request the removal from Ironic."""
    row = controller.find(tx, call)
    if row.managed_by is None:
        raise exception.Conflict(f'The node {row.name} is not registered.')
    operation = conductor.request_on_node(
        tx, call.context, 'unregister', row, {}
    )
    if row.provision_state != 'error':
        states.move_node(tx, row.uuid, 'updating')
    return row.uuid, operation


@db.transaction
def act(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
    name: str,
    params: JsonObject,
    limits: dict[str, int],
) -> tuple[str, str]:
    """Request a reset, a boot source, or to attach or detach a device."""
    row = controller.find(tx, call)
    if row.managed_by is not None:
        raise conductor.managed(row)
    standing.check(call, conditions.of_node(tx, row), NO_CHANGE)
    _check_allowable(row, name, params)
    values = {key.lower(): value for key, value in params.items()}
    if name in ('attach', 'detach'):
        device = call.find(
            tx, models.Device, params['resource_id'], field='resource_id'
        )
        _check_device(tx, row, device, name)
        if name == 'attach':
            charge = quota.of_resources(tx, [device.uuid], nodes=0)
            quota.enforce(tx, row.project_id, limits, charge)
            quota.charge(tx, row.uuid, charge)
        values = {'device': device.uuid}
    operation = conductor.request_on_node(tx, call.context, name, row, values)
    states.move_node(tx, row.uuid, 'updating')
    return row.uuid, operation


def _check_allowable(node: models.Node, name: str, params: JsonObject) -> None:
    """Reject what the pod manager is known not to allow for the node.

    Where it allows nothing at all, the pod manager cannot perform the action.

    :raises Invalid: naming the field, and what is allowed.
    """
    known = node.allowable
    if known is None:
        return
    for field, allowed in (
        ('Type', known['reset_types']),
        ('Target', known['boot_targets']),
        ('Mode', known['boot_modes']),
    ):
        value = params.get(field)
        if field == 'Target' and params.get('Enabled') == _DISABLED:
            continue
        if value is not None and allowed and value not in allowed:
            raise exception.Invalid(
                field=f'{name}.{field}',
                reason=f'{value} is not allowed by the pod manager; it '
                f'allows {", ".join(allowed)}',
            )


def _check_device(
    tx: db.Transaction, node: models.Node, device: models.Device, name: str
) -> None:
    """Reject what would fail in the conductor."""
    held = device.node_uuid == node.uuid or device.uuid in shares.of_node(
        tx, node.uuid
    )
    if device.podm_uuid != node.podm_uuid:
        raise exception.Conflict(
            f'The device {device.name} is on another pod manager than the '
            f'node {node.name}.'
        )
    if name == 'attach' and device.condition_uuid is not None:
        raise exception.Conflict(
            f'A condition keeps the device {device.name} from use.'
        )
    if name == 'attach' and (held or device.node_uuid is not None):
        owner = device.node_uuid or node.uuid
        raise exception.Conflict(
            f'The device {device.name} belongs to the node {owner}.'
        )
    if name == 'attach' and device.hold_uuid is not None:
        raise exception.Conflict(
            f'The device {device.name} is kept by the hold {device.hold_uuid}.'
        )
    if name == 'detach' and not held:
        raise exception.Conflict(
            f'The device {device.name} does not belong to the node '
            f'{node.name}.'
        )
