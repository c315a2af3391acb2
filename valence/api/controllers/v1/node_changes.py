# SPDX-License-Identifier: Apache-2.0
"""Asking for changes of a node that exists, each in one transaction."""

from typing import Any

from valence import quota
from valence.api.controllers.v1 import base
from valence.common import exception
from valence.conductor import requests as conductor
from valence.conductor import states
from valence.db import api as db
from valence.db.sqlalchemy import models


def registration(wanted: bool | dict[str, Any] | None) -> dict[str, Any]:
    """What an operation is told of handing the node over, if anything."""
    if wanted in (None, False):
        return {}
    return {'register': {} if wanted is True else wanted}


@db.transaction
def release(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
    unregister: bool,
) -> tuple[str, str]:
    """Ask for its hardware to be given back."""
    row = controller.find(tx, call)
    if row.managed_by is not None and not unregister:
        raise exception.Conflict(
            f'{conductor.managed(row)} Or use unregister=true.'
        )
    return row.uuid, conductor.request_release(
        tx, call.context, row, unregister
    )


@db.transaction
def register(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
) -> tuple[str, str]:
    """Request its registration with Ironic."""
    row = controller.find(tx, call)
    if row.managed_by is not None:
        raise conductor.managed(row)
    podm = tx.get(models.PodManager, uuid=row.podm_uuid)
    if podm is not None and 'provision' not in podm.capabilities:
        raise exception.Conflict(
            f'The pod manager of the node {row.name} does not show computers '
            f'that somebody else could drive.'
        )
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
    """Ask for it to be taken back from Ironic."""
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
    params: dict[str, Any],
    limits: dict[str, int],
) -> tuple[str, str]:
    """Ask for a reset, another boot source, or a device more or less."""
    row = controller.find(tx, call)
    if row.managed_by is not None:
        raise conductor.managed(row)
    wanted = {key.lower(): value for key, value in params.items()}
    if name in ('attach', 'detach'):
        device = call.find(
            tx, models.Device, params['resource_id'], field='resource_id'
        )
        _check_device(row, device, name)
        charge = _recharge(tx, row, device, name, limits)
        wanted = {'device': device.uuid, 'charge': charge.columns()}
    operation = conductor.request_on_node(
        tx, call.context, name.lower(), row, wanted
    )
    states.move_node(tx, row.uuid, 'updating')
    return row.uuid, operation


def _recharge(
    tx: db.Transaction,
    node: Any,
    device: Any,
    name: str,
    limits: dict[str, int],
) -> quota.Charge:
    """Charge a node with a device, or find out what detaching gives back."""
    if name == 'detach':
        return quota.of_detaching(tx, node, device.uuid)
    charge = quota.of_resources(tx, [device.uuid], nodes=0)
    quota.enforce(tx, node.project_id, limits, charge)
    quota.charge(tx, node.uuid, charge)
    return charge


def _check_device(node: Any, device: Any, name: str) -> None:
    """Say at once what a conductor could only say later."""
    if device.podm_uuid != node.podm_uuid:
        raise exception.Conflict(
            f'The device {device.name} is on another pod manager than the '
            f'node {node.name}.'
        )
    if name == 'attach' and device.node_uuid is not None:
        raise exception.Conflict(
            f'The device {device.name} belongs to the node {device.node_uuid}.'
        )
    if name == 'detach' and device.node_uuid != node.uuid:
        raise exception.Conflict(
            f'The device {device.name} does not belong to the node '
            f'{node.name}.'
        )
