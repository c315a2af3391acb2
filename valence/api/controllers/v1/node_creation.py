# SPDX-License-Identifier: Apache-2.0
"""Requests for new nodes: compose and adopt, each in one transaction."""

from typing import cast

from valence import objects
from valence import quota
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import node_changes
from valence.common import context
from valence.common import exception
from valence.common.types import JsonObject
from valence.conductor import requests as conductor
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.objects.fields import Audience
from valence.scheduler.request import AffinityRule
from valence.scheduler.request import Request


def placement(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
) -> tuple[JsonObject, Request]:
    """The values of the node, and the request for the scheduler.

    :raises Invalid: for a reference to a resource that does not exist.
    """
    values = controller.resolve(tx, call, call.values)
    if values.get('flavor_uuid'):
        flavor = tx.list(models.Flavor, uuid=values['flavor_uuid']).one()
        values['properties'] = flavor.properties
    values['properties'] = requirements.normalize(values.get('properties', {}))
    resources = call.body.get('resources')
    return values, Request(
        values['properties'],
        podm_uuid=values.get('podm_uuid'),
        resources=tuple(
            _resource_uuids(tx, call, resources) if resources else ()
        ),
        affinity=_affinity(tx, call),
        project_id=call.context.project_id,
    )


def _resource_uuids(
    tx: db.Transaction, call: base.Call, resources: list[str]
) -> list[str]:
    """The UUIDs of exact resources: one system, and any devices."""
    systems, devices = [], []
    for ident in resources:
        column = 'uuid' if base.is_uuid(ident) else 'name'
        condition = getattr(models.System, column) == ident
        found = tx.list(models.System, condition, limit=2).all()
        if len(found) == 1:
            systems.append(found[0].uuid)
            continue
        row = call.find(tx, models.Device, ident, field='resources')
        devices.append(row.uuid)
    if len(systems) != 1:
        raise exception.Invalid(
            field='resources',
            reason=f'must contain one system, not {len(systems)}',
        )
    return [*systems, *dict.fromkeys(devices)]


def _affinity(tx: db.Transaction, call: base.Call) -> AffinityRule | None:
    affinity = call.body.get('affinity')
    if affinity is None:
        return None
    rule = {
        key: value
        if key == 'scope'
        else [
            call.find(tx, models.Node, ident, field='affinity').uuid
            for ident in value
        ]
        for key, value in affinity.items()
    }
    return cast(AffinityRule, rule)


@db.transaction
def compose(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
    limits: dict[str, int],
) -> tuple[str, str]:
    """Create a node and the operation that composes it; their UUIDs."""
    values, request = placement(tx, controller, call)
    if request.podm_uuid is not None:
        _check_usable(tx, call, request.podm_uuid)
    charge = (
        quota.of_resources(tx, request.resources)
        if request.resources
        else quota.of_requirements(request.wanted)
    )
    quota.enforce(tx, call.context.project_id, limits, charge)
    uuid = _new_node(
        tx,
        call.context,
        provision_state='composing',
        **charge.columns(),
        **values,
    )
    operation = conductor.request(
        tx,
        call.context,
        'compose',
        'nodes',
        uuid,
        lock_key=f'node:{uuid}',
        project_id=call.context.project_id,
        params={
            'pod_manager': request.podm_uuid,
            'resources': list(request.resources),
            'affinity': request.affinity,
            **node_changes.registration(call.body.get('register')),
        },
    )
    return uuid, operation


def _new_node(
    tx: db.Transaction, ctx: context.RequestContext, **values: object
) -> str:
    return tx.create(
        models.Node,
        **{
            **objects.Node.defaults(),
            'scope': ctx.scope,
            'project_id': ctx.project_id,
            'user_id': ctx.user_id,
            **values,
        },
    )


def _check_usable(tx: db.Transaction, call: base.Call, podm_uuid: str) -> None:
    podm = tx.list(models.PodManager, uuid=podm_uuid).one()
    reason = None
    if podm.deleting_at is not None:
        reason = 'is being deleted'
    elif podm.maintenance:
        reason = 'is in maintenance'
    elif podm.status != 'online':
        reason = 'is offline'
        if call.audience >= Audience.SYSTEM:
            reason += f': {podm.status_reason}'
    if reason:
        raise exception.Conflict(f'The pod manager {podm.name} {reason}.')


@db.transaction
def adopt(
    tx: db.Transaction, call: base.Call, limits: dict[str, int]
) -> tuple[str, str]:
    """Create a node and the operation that adopts it; their UUIDs."""
    podm = call.find(
        tx, models.PodManager, call.body['pod_manager'], field='pod_manager'
    )
    _check_usable(tx, call, podm.uuid)
    uri = call.body['resource_uri']
    known = tx.get(models.Node, podm_uuid=podm.uuid, resource_uri=uri)
    if known is not None:
        raise exception.Conflict(
            f'{uri} is already the node {known.name} ({known.uuid}).'
        )
    # Cores, memory and devices are charged once they are known.
    quota.enforce(tx, call.context.project_id, limits, quota.Charge(nodes=1))
    uuid = _new_node(
        tx,
        call.context,
        name=call.body['name'],
        podm_uuid=podm.uuid,
        resource_uri=uri,
        provision_state='adopting',
    )
    operation = conductor.request(
        tx,
        call.context,
        'adopt',
        'nodes',
        uuid,
        podm_uuid=podm.uuid,
        # Only one of two requests for the same node may succeed.
        lock_key=conductor.adoption_lock(podm.uuid, uri),
        project_id=call.context.project_id,
    )
    return uuid, operation
