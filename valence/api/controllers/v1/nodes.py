# SPDX-License-Identifier: Apache-2.0
import dataclasses
import itertools

from valence import objects
from valence import quota
from valence.api import query
from valence.api import render
from valence.api.controllers.v1 import adoption
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import node_bodies
from valence.api.controllers.v1 import node_changes
from valence.api.controllers.v1 import node_creation
from valence.api.controllers.v1 import types
from valence.common import policy
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db import scan
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.objects import parts
from valence.scheduler import explanation
from valence.scheduler import ranking
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request

_CHOOSE = 'composable:node:choose'
_FORCE = 'composable:node:force_delete'
_COMPONENTS = ('processors', 'memory_modules', 'drives', 'nics')
# What is shown of a local drive.
_DRIVE = ('resource_uri', 'capacity_gib', 'type', 'protocol')


class Nodes(base.Controller[models.Node]):
    """Bare-metal servers composed from pooled hardware."""

    def __init__(self) -> None:
        super().__init__(models.Node)

    @base.verb(params=query.FIELDS, added=answers.HARDWARE)
    def show(self, call: base.Call) -> base.Answer:
        """Show a node with its hardware."""
        fields = call.params['fields']
        names = call.selected(self.object, fields)
        with db.reader() as tx:
            node = self.find(tx, call)
            answer = render.record(node, names)
            if fields is None:
                answer['systems'] = _allocated(tx, call, models.System, node)
                answer['devices'] = _allocated(tx, call, models.Device, node)
        return answer

    @base.verb(answer=answers.STORAGES)
    def storages(self, call: base.Call) -> base.Answer:
        """Show the storage of the node: local drives and pooled devices."""
        with db.reader() as tx:
            node = self.find(tx, call)
            systems = _allocated(tx, call, models.System, node)
            devices = _allocated(tx, call, models.Device, node)
        return {
            'storages': [
                *(
                    {
                        **{name: drive.get(name) for name in _DRIVE},
                        'device_uuid': None,
                    }
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

    @base.verb(status=202, body=node_bodies.CREATE, operation=True)
    def create(self, call: base.Call) -> base.Answer:
        """Compose a node: by flavor, requirements or exact resources."""
        if call.body.get('resources'):
            policy.authorize(call.context, _CHOOSE)
        limits = quota.limits(call.context.project_id)
        return self._accepted(call, *node_creation.compose(self, call, limits))

    @base.verb(body=node_bodies.PREVIEW, answer=answers.PREVIEW)
    def preview(self, call: base.Call) -> base.Answer:
        """Show where a node would be composed, and why not elsewhere."""
        if call.body.get('resources'):
            policy.authorize(call.context, _CHOOSE)
        limits = quota.limits(call.context.project_id)
        with db.reader() as tx:
            _, request = node_creation.placement(tx, self, call)
            found = ranking.rank(tx, request, enough=100)
            short = node_creation.shortages(tx, request, limits, found.choices)
            podms = scan.rows(
                tx,
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
            'rejections': [
                _rejection(rejection)
                if chooses
                else _user_rejection(request, rejection)
                for rejection in found.rejections
                if rejection.podm_uuid in names
            ],
            'quota': [dataclasses.asdict(one) for one in short],
        }

    @base.verb(status=202, body=node_bodies.MANAGE, operation=True)
    def manage(self, call: base.Call) -> base.Answer:
        """Adopt a node that exists on a pod manager."""
        return self._accepted(call, *adoption.manage(call))

    @base.verb(body=types.UPDATE)
    def update(self, call: base.Call) -> base.Answer:
        """Change name or description."""
        return self.render(call, _update(self, call))

    @base.verb(status=202, params=node_bodies.DELETE_PARAMS, operation=True)
    def delete(self, call: base.Call) -> base.Answer:
        """Release the hardware of a node and delete the node."""
        if call.params['force']:
            policy.authorize(call.context, _FORCE)
            return self._accepted(call, *node_changes.abandon(self, call))
        unregister = call.params['unregister']
        return self._accepted(
            call, *node_changes.release(self, call, unregister)
        )

    @base.verb(status=202, body=node_bodies.REGISTER, operation=True)
    def register(self, call: base.Call) -> base.Answer:
        """Register the node with Ironic, which then manages it."""
        return self._accepted(call, *node_changes.register(self, call))

    @base.verb(status=202, operation=True)
    def unregister(self, call: base.Call) -> base.Answer:
        """Remove the node from Ironic, unless it is in use there."""
        return self._accepted(call, *node_changes.unregister(self, call))

    @base.verb(status=202, body=node_bodies.ACTION, operation=True)
    def action(self, call: base.Call) -> base.Answer:
        """Perform one action: reset, boot, attach or detach."""
        ((name, params),) = call.body.items()
        limits = self._limits(call) if name == 'attach' else {}
        return self._accepted(
            call, *node_changes.act(self, call, name, params, limits)
        )

    def _limits(self, call: base.Call) -> dict[str, int]:
        """The quota of the project that owns the node."""
        with db.reader() as tx:
            node = self.find(tx, call)
        return quota.limits(node.project_id)

    def _accepted(
        self, call: base.Call, uuid: str, operation: str
    ) -> base.Answer:
        node = db.get(models.Node, uuid=uuid)
        answer = {} if node is None else self.render(call, node)
        return call.accept(operation, answer)


def _allocated(
    tx: db.Transaction,
    call: base.Call,
    model: type[models.System] | type[models.Device],
    node: models.Node,
) -> list[JsonObject]:
    """The hardware of one kind that is allocated to a node."""
    cls = models.OBJECTS[model]
    shown = call.shown(cls)
    names = {name: shown[name] for name in answers.SHOWN[cls] if name in shown}
    rows = tx.list(
        model,
        shares.has(model, node.uuid),
        only=render.columns(names),
        order=[model.name, model.uuid],
    )
    found = [render.record(row, names) for row in rows]
    if 'resource_uri' not in names:
        for component in itertools.chain.from_iterable(
            one.get(field) or () for one in found for field in _COMPONENTS
        ):
            for name in parts.PRIVATE:
                component.pop(name, None)
    return found


def _rejection(rejection: Rejection) -> JsonObject:
    """Why a pod manager cannot satisfy a request, as the API shows it."""
    # Of a thousand, copies would take longer than all else.
    shown = vars(rejection)
    return {n: v for n, v in shown.items() if n not in answers.INTERNAL}


def _user_rejection(request: Request, rejection: Rejection) -> JsonObject:
    """The same for members, who do not see the hardware that there is."""
    return {
        'podm_uuid': rejection.podm_uuid,
        'name': rejection.name,
        'filter': rejection.filter,
        'reason': explanation.user_reason(request, rejection),
    }


@db.transaction
def _update(
    tx: db.Transaction, controller: Nodes, call: base.Call
) -> models.Node:
    row = controller.find(tx, call)
    if call.values:
        tx.update(models.Node, call.values, uuid=row.uuid)
    return tx.list(models.Node, uuid=row.uuid).one()
