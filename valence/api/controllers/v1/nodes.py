# SPDX-License-Identifier: Apache-2.0
import dataclasses

from valence import leases
from valence import quota
from valence.api import previews
from valence.api import query
from valence.api import render
from valence.api.controllers.v1 import adoption
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import hold_creation
from valence.api.controllers.v1 import node_bodies
from valence.api.controllers.v1 import node_changes
from valence.api.controllers.v1 import node_creation
from valence.api.controllers.v1 import standing
from valence.api.controllers.v1 import types
from valence.common import policy
from valence.common.types import JsonObject
from valence.conductor import requests as conductor
from valence.db import api as db
from valence.db import conditions
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.scheduler import ranking

_FORCE = 'composable:node:force_delete'
_FORCE_LEASE = 'composable:node:force_lease'
# What is shown of a local drive.
_DRIVE = ('resource_uri', 'capacity_gib', 'type', 'protocol')


class Nodes(base.Controller[models.Node]):
    """Bare-metal servers composed from pooled hardware."""

    def __init__(self) -> None:
        super().__init__(models.Node)

    @base.verb(
        params=query.FIELDS, added={**answers.HARDWARE, **standing.ADDED}
    )
    def show(self, call: base.Call) -> base.Answer:
        """Show a node with its hardware and the conditions of that."""
        fields = call.params['fields']
        names = call.selected(self.object, fields)
        with db.reader() as tx:
            node = self.find(tx, call)
            answer = render.record(node, names)
            if fields is None:
                answer['systems'] = self._parts(tx, call, models.System, node)
                answer['devices'] = self._parts(tx, call, models.Device, node)
                answer |= standing.shown(call, conditions.of_node(tx, node))
        return answer

    @base.verb(answer=answers.STORAGES)
    def storages(self, call: base.Call) -> base.Answer:
        """Show the storage of the node: local drives and pooled devices."""
        with db.reader() as tx:
            node = self.find(tx, call)
            systems = self._parts(tx, call, models.System, node)
            devices = self._parts(tx, call, models.Device, node)
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
        previews.authorize_choice(call)
        limits = quota.limits(call.context.project_id)
        return self._accepted(call, *node_creation.compose(self, call, limits))

    @base.verb(body=node_bodies.PREVIEW, answer=answers.PREVIEW)
    def preview(self, call: base.Call) -> base.Answer:
        """Show where a node would be composed, and why not elsewhere.

        With ``hold``, what the best candidate has is held.
        """
        previews.authorize_choice(call)
        limits = quota.limits(call.context.project_id)
        with db.reader() as tx:
            values, request = node_creation.placement(tx, self, call)
            found = ranking.rank(tx, request, enough=100)
            short = node_creation.shortages(tx, request, limits, found.choices)
            more = node_creation.requested(tx, request)
            uses = quota.uses(tx, request.project_id, limits, more)
            names = previews.names(tx, call)
        hold = None
        if call.body.get('hold') and found.choices and not short:
            asked = hold_creation.previewed(call, values, request, limits)
            hold = hold_creation.keep(call, asked, found.choices)
        chooses = policy.allows(call.context, previews.CHOOSE)
        return {
            'candidates': [
                {'pod_manager': names[choice.podm_uuid]}
                | (dataclasses.asdict(choice) if chooses else {})
                for choice in found.choices
            ],
            **previews.rejections(
                call, request, found.rejections, found.unlisted, names
            ),
            'quota': [dataclasses.asdict(one) for one in short],
            'limits': [dataclasses.asdict(one) for one in uses],
            'hold': hold,
        }

    @base.verb(status=202, body=node_bodies.MANAGE, operation=True)
    def manage(self, call: base.Call) -> base.Answer:
        """Adopt a node that exists on a pod manager."""
        return self._accepted(call, *adoption.manage(call))

    @base.verb(body=types.UPDATE)
    def update(self, call: base.Call) -> base.Answer:
        """Change name, description or lease."""
        if 'force_at' in call.body:
            policy.authorize(call.context, _FORCE_LEASE)
        limits = self._limits(call) if 'lease_until' in call.body else {}
        return self.render(call, _update(self, call, limits))

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

    @staticmethod
    def _parts(
        tx: db.Transaction,
        call: base.Call,
        model: type[models.System] | type[models.Device],
        node: models.Node,
    ) -> list[JsonObject]:
        condition = shares.has(model, node.uuid)
        return previews.hardware(tx, call, model, condition)

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


@db.transaction
def _update(
    tx: db.Transaction,
    controller: Nodes,
    call: base.Call,
    limits: dict[str, int],
) -> models.Node:
    row, values = controller.find(tx, call), call.values
    if not values.keys().isdisjoint(leases.FIELDS):
        conductor.lock_node(tx, row.uuid)
        row = controller.find(tx, call)
        values = {**values, **leases.change(tx, row, values, limits)}
    if values:
        tx.update(models.Node, values, uuid=row.uuid)
    return tx.list(models.Node, uuid=row.uuid).one()
