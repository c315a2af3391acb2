# SPDX-License-Identifier: Apache-2.0
import dataclasses
import itertools
from typing import Any
from typing import cast

from valence import objects
from valence import quota
from valence.api import render
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import node_bodies
from valence.api.controllers.v1 import node_changes
from valence.common import context
from valence.common import exception
from valence.common import policy
from valence.common import rpc
from valence.conductor import requests as conductor
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import base as objects_base
from valence.objects import requirements
from valence.objects.fields import Audience
from valence.scheduler import ranking
from valence.scheduler.request import AffinityRule
from valence.scheduler.request import Request

_CHOOSE = 'composable:node:choose'
_HARDWARE = (
    'uuid',
    'name',
    'cpu_model',
    'cpu_sockets',
    'cpu_cores',
    'memory_mib',
    'storage_gib',
    'drives',
    'nics',
    'power_state',
    'health',
    'resource_uri',
)
_POOLED = (
    'uuid',
    'name',
    'type',
    'media_type',
    'protocol',
    'capacity_gib',
    'health',
    'resource_uri',
)
_PARTS = ('drives', 'nics')
# What a node tells of the hardware that it is made of.
_TOLD: dict[type[objects_base.ValenceObject], tuple[str, ...]] = {
    objects.System: _HARDWARE,
    objects.Device: _POOLED,
}


class Nodes(base.Controller[models.Node]):
    """Bare-metal servers composed out of pooled hardware."""

    def __init__(self) -> None:
        super().__init__(models.Node)

    @base.verb(params=('fields',))
    def show(self, call: base.Call) -> dict[str, Any]:
        """Show one node with the hardware that it is made of."""
        wanted = call.request.GET.get('fields')
        names = call.selected(self.object, wanted)
        with db.reader() as tx:
            node = self.find(tx, call)
            answer = render.record(node, names)
            if wanted is None:
                answer['systems'] = _claimed(tx, call, models.System, node)
                answer['devices'] = _claimed(tx, call, models.Device, node)
        return answer

    @base.verb()
    def storages(self, call: base.Call) -> dict[str, Any]:
        """Show what the node stores on: local drives and pooled devices."""
        with db.reader() as tx:
            node = self.find(tx, call)
            systems = _claimed(tx, call, models.System, node)
            devices = _claimed(tx, call, models.Device, node)
        return {
            'storages': [
                *(
                    {'resource_uri': None, **drive, 'device_uuid': None}
                    for system in systems
                    for drive in system['drives']
                ),
                *(
                    {
                        'resource_uri': device.get('resource_uri'),
                        'capacity_gib': device['capacity_gib'],
                        'type': device['media_type'] or device['type'],
                        'protocol': device['protocol'],
                        'device_uuid': device['uuid'],
                    }
                    for device in devices
                    if device['type'] in ('drive', 'volume')
                ),
            ]
        }

    @base.verb(status=202, body='c', extra=node_bodies.COMPOSE)
    def create(self, call: base.Call) -> dict[str, Any]:
        """Compose a node: by flavor, requirements or exact resources."""
        values = call.values(self.object)
        limits = quota.limits(call.context.project_id)
        return self._accepted(call, *_compose(self, call, values, limits))

    @base.verb(body='c', extra=node_bodies.PLACE, absent=('name',))
    def preview(self, call: base.Call) -> dict[str, Any]:
        """Show where a node would land, and why not elsewhere."""
        values = call.values(self.object)
        with db.reader() as tx:
            found = ranking.rank(
                tx, _placement(tx, self, call, values)[1], enough=100
            )
            podms = tx.list(
                models.PodManager,
                *call.visible(objects.PodManager),
                only=('uuid', 'name'),
            )
            names = {row.uuid: row.name for row in podms}
        chooses = policy.allows(call.context, _CHOOSE)
        return {
            'candidates': [
                {'pod_manager': names[choice.podm_uuid]}
                | (dataclasses.asdict(choice) if chooses else {})
                for choice in found.choices
            ],
            'refusals': [
                dataclasses.asdict(rejection)
                for rejection in found.rejections
                if rejection.podm_uuid in names
            ],
        }

    @base.verb(status=202, body=node_bodies.MANAGE)
    def manage(self, call: base.Call) -> dict[str, Any]:
        """Adopt a node that exists on a pod manager."""
        limits = quota.limits(call.context.project_id)
        return self._accepted(call, *_manage(self, call, limits))

    @base.verb(body='u')
    def update(self, call: base.Call) -> dict[str, Any]:
        """Change name or description."""
        row = _update(self, call, call.values(self.object))
        return self.render(call, row)

    @base.verb(status=202, params=('unregister',))
    def delete(self, call: base.Call) -> dict[str, Any]:
        """Release the node's hardware; the node goes when that is done.

        With ``unregister=true`` it is taken back from Ironic before.
        """
        unregister = call.flag('unregister')
        return self._accepted(
            call, *node_changes.release(self, call, unregister)
        )

    @base.verb(status=202, body=node_bodies.REGISTER)
    def register(self, call: base.Call) -> dict[str, Any]:
        """Hand the node to Ironic, which governs power and boot then."""
        return self._accepted(
            call, *node_changes.register(self, call, call.body())
        )

    @base.verb(status=202)
    def unregister(self, call: base.Call) -> dict[str, Any]:
        """Take the node back from Ironic, unless it is in use there."""
        return self._accepted(call, *node_changes.unregister(self, call))

    @base.verb(status=202, body=node_bodies.ACTION)
    def action(self, call: base.Call) -> dict[str, Any]:
        """Reset, Boot, attach or detach: one of them."""
        ((name, params),) = call.body().items()
        limits = self._limits(call) if name == 'attach' else {}
        return self._accepted(
            call, *node_changes.act(self, call, name, params, limits)
        )

    def _limits(self, call: base.Call) -> dict[str, int]:
        """The limits of the project that the node belongs to."""
        with db.reader() as tx:
            node = self.find(tx, call)
        return quota.limits(node.project_id)

    def _accepted(
        self, call: base.Call, uuid: str, operation: str
    ) -> dict[str, Any]:
        rpc.wake()
        call.locate('operations', operation)
        node = db.get(models.Node, uuid=uuid)
        answer = {} if node is None else self.render(call, node)
        return {**answer, 'operation_uuid': operation}


def _claimed(
    tx: db.Transaction,
    call: base.Call,
    model: type[models.System] | type[models.Device],
    node: models.Node,
) -> list[dict[str, Any]]:
    """What a node has claimed of one kind of hardware."""
    cls = models.OBJECTS[model]
    shown = call.shown(cls)
    names = {name: shown[name] for name in _TOLD[cls] if name in shown}
    rows = tx.list(
        model,
        model.node_uuid == node.uuid,
        only=names.values(),
        order=[model.name, model.uuid],
    )
    found = [render.record(row, names) for row in rows]
    if 'resource_uri' not in names:
        for part in itertools.chain.from_iterable(
            one.get(group, ()) for one in found for group in _PARTS
        ):
            part.pop('resource_uri', None)
    return found


def _placement(
    tx: db.Transaction,
    controller: Nodes,
    call: base.Call,
    given: dict[str, Any],
) -> tuple[dict[str, Any], Request]:
    """The values of the node, and what the scheduler is asked for it."""
    values = dict(given)
    controller.resolve(tx, call, values)
    resources = call.besides('resources')
    ways = [
        name
        for name, way in (
            ('flavor', values.get('flavor_uuid')),
            ('properties', values.get('properties')),
            ('resources', resources),
        )
        if way
    ]
    if len(ways) > 1:
        raise exception.Invalid(
            field=ways[1], reason=f'{ways[0]} is given already'
        )
    if values.get('flavor_uuid'):
        flavor = tx.list(models.Flavor, uuid=values['flavor_uuid']).one()
        values['properties'] = flavor.properties
    values['properties'] = requirements.normalize(values.get('properties', {}))
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
    policy.authorize(call.context, _CHOOSE)
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
            reason=f'a node is made of one system, not of {len(systems)}',
        )
    return [*systems, *dict.fromkeys(devices)]


def _affinity(tx: db.Transaction, call: base.Call) -> AffinityRule | None:
    affinity = call.besides('affinity')
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
def _compose(
    tx: db.Transaction,
    controller: Nodes,
    call: base.Call,
    given: dict[str, Any],
    limits: dict[str, int],
) -> tuple[str, str]:
    values, request = _placement(tx, controller, call, given)
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
            **node_changes.registration(call.besides('register')),
        },
    )
    return uuid, operation


def _new_node(
    tx: db.Transaction, ctx: context.RequestContext, **values: Any
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
        reason = 'is being removed'
    elif podm.maintenance:
        reason = 'is in maintenance'
    elif podm.status != 'online':
        reason = 'is offline'
        if call.audience >= Audience.SYSTEM:
            reason += f': {podm.status_reason}'
    if reason:
        raise exception.Conflict(f'The pod manager {podm.name} {reason}.')


@db.transaction
def _manage(
    tx: db.Transaction,
    controller: Nodes,
    call: base.Call,
    limits: dict[str, int],
) -> tuple[str, str]:
    body = call.body()
    podm = call.find(
        tx, models.PodManager, body['pod_manager'], field='pod_manager'
    )
    _check_usable(tx, call, podm.uuid)
    uri = body['resource_uri']
    known = tx.get(models.Node, podm_uuid=podm.uuid, resource_uri=uri)
    if known is not None:
        raise exception.Conflict(
            f'{uri} is the node {known.name} ({known.uuid}) already.'
        )
    # Its sizes are charged when they have been observed.
    quota.enforce(tx, call.context.project_id, limits, quota.Charge(nodes=1))
    uuid = _new_node(
        tx,
        call.context,
        name=call.checked(objects.Node, 'name', body['name']),
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
        # Two requests for the same node must not both come through.
        lock_key=conductor.adoption_lock(podm.uuid, uri),
        project_id=call.context.project_id,
    )
    return uuid, operation


@db.transaction
def _update(
    tx: db.Transaction,
    controller: Nodes,
    call: base.Call,
    values: dict[str, Any],
) -> models.Node:
    row = controller.find(tx, call)
    if values:
        tx.update(models.Node, values, uuid=row.uuid)
    return tx.list(models.Node, uuid=row.uuid).one()
