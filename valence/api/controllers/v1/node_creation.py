# SPDX-License-Identifier: Apache-2.0
"""Requests that compose a node, each in one transaction."""

import dataclasses
from typing import cast

from valence import holds
from valence import leases
from valence import objects
from valence import quota
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import node_changes
from valence.common import context
from valence.common import exception
from valence.common import policy
from valence.common.types import JsonObject
from valence.conductor import requests as conductor
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.scheduler.request import AffinityRule
from valence.scheduler.request import Choice
from valence.scheduler.request import Request


def placement(
    tx: db.Transaction,
    controller: base.Controller[models.Node] | base.Controller[models.Hold],
    call: base.Call,
) -> tuple[JsonObject, Request]:
    """The values of the node or hold, and the request for the scheduler.

    :raises Invalid: for a reference to a resource that does not exist.
    """
    values = controller.resolve(tx, call, call.values)
    if values.get('flavor_uuid'):
        flavor = tx.list(models.Flavor, uuid=values['flavor_uuid']).one()
        values['properties'] = flavor.properties
        # The flavor may be renamed or deleted before the node is registered.
        values['resource_class'] = flavor.name
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
        register=bool(node_changes.registration(call.body.get('register'))),
    )


def _resource_uuids(
    tx: db.Transaction, call: base.Call, resources: list[str]
) -> list[str]:
    """The UUIDs of exact resources: one system, and any devices."""
    systems, devices = [], []
    for ident in resources:
        column, value = base.key(ident)
        condition = getattr(models.System, column) == value
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
    if call.body.get('hold'):
        return _compose_held(tx, controller, call, limits)
    values, request = placement(tx, controller, call)
    if request.podm_uuid is not None:
        _check(tx, call, request.podm_uuid)
    charge = requested(tx, request)
    quota.enforce(tx, call.context.project_id, limits, charge)
    uuid = new_node(
        tx,
        call.context,
        provision_state='composing',
        **{**charge.columns(), **values, **leases.grant(tx, values)},
    )
    quota.open_request(tx, uuid, charge)
    operation = conductor.request(
        *(tx, call.context, 'compose', 'nodes', uuid),
        podm_uuid=request.podm_uuid,
        lock_key=f'node:{uuid}',
        project_id=call.context.project_id,
        params={
            'pod_manager': request.podm_uuid,
            'resources': list(request.resources),
            'affinity': request.affinity,
            'limits': limits,
            **node_changes.registration(call.body.get('register')),
        },
    )
    return uuid, operation


def _check(tx: db.Transaction, call: base.Call, podm_uuid: str) -> None:
    """Check that the node can be made, and registered, on a pod manager."""
    podm = tx.list(models.PodManager, uuid=podm_uuid).one()
    check_usable(podm, call.context)
    if node_changes.registration(call.body.get('register')):
        node_changes.check_registrable(podm)


def _compose_held(
    tx: db.Transaction,
    controller: base.Controller[models.Node],
    call: base.Call,
    limits: dict[str, int],
) -> tuple[str, str]:
    """The same with one place of a hold, which the project is charged for."""
    found = call.find(tx, models.Hold, call.body['hold'], field='hold')
    if found.project_id != call.context.project_id:
        raise exception.Invalid(
            field='hold', reason='is that of another project'
        )
    hold = holds.lock(tx, found.uuid)
    place = hold.places[0]
    podm_uuid = place['podm_uuid']
    _check(tx, call, podm_uuid)
    same = ('flavor_uuid', 'properties', 'resource_class')
    values = {
        **controller.resolve(tx, call, call.values),
        **{name: getattr(hold, name) for name in same},
        'podm_uuid': podm_uuid,
        # What is reserved for it bears this UUID.
        **({'uuid': place['node_uuid']} if 'node_uuid' in place else {}),
    }
    values |= leases.grant(tx, values)
    uuid = new_node(tx, call.context, provision_state='composing', **values)
    holds.use(tx, hold, uuid)
    operation = conductor.request(
        *(tx, call.context, 'compose', 'nodes', uuid),
        podm_uuid=podm_uuid,
        lock_key=f'node:{uuid}',
        project_id=call.context.project_id,
        params={
            **hold.request,
            'limits': limits,
            'held': place,
            **node_changes.registration(call.body.get('register')),
        },
    )
    return uuid, operation


def requested(tx: db.Transaction, request: Request) -> quota.Charge:
    """The usage of a node that is composed by a request."""
    if request.resources:
        return quota.of_resources(tx, request.resources)
    return quota.of_requirements(request.requirements)


def shortages(
    tx: db.Transaction,
    request: Request,
    limits: dict[str, int],
    choices: list[Choice],
) -> list[quota.Shortage]:
    """The limits of the project that keep a request from being fulfilled.

    :param choices: best first; the first one within the limits is moved to
        the front, because compose selects it.
    """
    owner = request.project_id, limits
    found = quota.shortages(tx, *owner, requested(tx, request))
    if found or not limits:
        return found
    for number, choice in enumerate(choices):
        usage = quota.of_resources(tx, [choice.system_uuid, *choice.devices])
        short = quota.shortages(tx, *owner, usage)
        if not short:
            choices.insert(0, choices.pop(number))
            return []
        found = found or short
    # How large the hardware is, is not shown.
    return [dataclasses.replace(one, missing=None) for one in found]


def new_node(
    tx: db.Transaction, ctx: context.RequestContext, **values: object
) -> str:
    """Create a node; its UUID."""
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


def check_usable(podm: models.PodManager, ctx: context.RequestContext) -> None:
    """Check that new nodes can be made on a pod manager.

    :raises Conflict: with the reason why they cannot.
    """
    if podm.maintenance and podm.deleting_at is None:
        raise exception.Conflict(
            f'The pod manager {podm.name} is in maintenance.'
        )
    if podm.condition_uuid is not None and podm.deleting_at is None:
        raise exception.Conflict(
            f'A condition keeps new nodes away from the pod manager '
            f'{podm.name}.'
        )
    check_reachable(podm, ctx)


def check_reachable(
    podm: models.PodManager, ctx: context.RequestContext
) -> None:
    """Check that requests can be sent to a pod manager.

    :raises Conflict: with the reason why they cannot.
    """
    reason = None
    if podm.deleting_at is not None:
        reason = 'is being deleted'
    elif podm.status != 'online':
        reason = 'is offline'
        if policy.allows(ctx, 'system_reader'):
            reason += f': {podm.status_reason}'
    if reason:
        raise exception.Conflict(f'The pod manager {podm.name} {reason}.')
