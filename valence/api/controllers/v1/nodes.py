# SPDX-License-Identifier: Apache-2.0
from typing import Any

import jsonschema
import sqlalchemy as sa

from valence import objects
from valence.api import render
from valence.api.controllers.v1 import base
from valence.common import exception
from valence.common import rpc
from valence.conductor import api as conductor
from valence.conductor import states
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.podmanagers.base import RESET_TYPES

ACTION = {
    'type': 'object',
    'properties': {
        'Reset': {
            'type': 'object',
            'properties': {'Type': {'enum': list(RESET_TYPES)}},
            'required': ['Type'],
            'additionalProperties': False,
        }
    },
    'additionalProperties': False,
    'minProperties': 1,
    'maxProperties': 1,
}
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


class Nodes(base.Controller):
    """Bare-metal servers composed out of pooled hardware."""

    def __init__(self) -> None:
        super().__init__(objects.Node)

    @base.verb(params=('fields',))
    def show(self, call: base.Call) -> dict[str, Any]:
        """Show one node with the hardware that it is made of."""
        wanted = call.request.GET.get('fields')
        names = render.selected(self.object, call.minor, wanted)
        with db.reader() as tx:
            node = self.find(tx, call)
            systems = tx.list(
                models.System,
                models.System.node_uuid == node.uuid,
                only=_HARDWARE,
            ).all()
        answer = render.record(node, names)
        if wanted is None:
            answer['systems'] = [
                render.record(row, _HARDWARE) for row in systems
            ]
        return answer

    @base.verb(status=202, body='c')
    def create(self, call: base.Call) -> dict[str, Any]:
        """Compose a node."""
        values = call.values(self.object)
        values['properties'] = requirements.normalize(
            values.get('properties', {})
        )
        uuid, operation = _compose(self, call, values)
        return self._accepted(call, uuid, operation)

    @base.verb(body='u')
    def update(self, call: base.Call) -> dict[str, Any]:
        """Change name or description."""
        row = _update(self, call, call.values(self.object))
        return self.render(call, row)

    @base.verb(status=202)
    def delete(self, call: base.Call) -> dict[str, Any]:
        """Release the node's hardware; the node goes when that is done."""
        uuid, operation = _release(self, call)
        return self._accepted(call, uuid, operation)

    @base.verb(status=202, body=ACTION)
    def action(self, call: base.Call) -> dict[str, Any]:
        """Act on the node: ``{"Reset": {"Type": …}}``."""
        error = jsonschema.exceptions.best_match(
            jsonschema.Draft202012Validator(ACTION).iter_errors(call.body())
        )
        if error is not None:
            place = '.'.join(str(part) for part in error.absolute_path)
            raise exception.Invalid(
                field=place or 'action', reason=error.message[:200]
            )
        reset_type = call.body()['Reset']['Type']
        uuid, operation = _reset(self, call, reset_type)
        return self._accepted(call, uuid, operation)

    def _accepted(
        self, call: base.Call, uuid: str, operation: str
    ) -> dict[str, Any]:
        rpc.wake()
        call.locate('operations', operation)
        node = db.get(models.Node, uuid=uuid)
        answer = {} if node is None else self.render(call, node)
        return {**answer, 'operation_uuid': operation}


@db.transaction
def _compose(
    tx: db.Transaction,
    controller: Nodes,
    call: base.Call,
    given: dict[str, Any],
) -> tuple[str, str]:
    ctx = call.context
    values = dict(given)
    controller.resolve(tx, values)
    podm_uuid = values.get('podm_uuid')
    if podm_uuid is not None:
        _check_usable(tx, podm_uuid)
    uuid = tx.create(
        models.Node,
        **{
            **objects.Node.defaults(),
            **values,
            'scope': ctx.scope,
            'project_id': ctx.project_id,
            'user_id': ctx.user_id,
            'provision_state': 'composing',
        },
    )
    operation = conductor.request(
        tx,
        ctx,
        'compose',
        'nodes',
        uuid,
        lock_key=f'node:{uuid}',
        project_id=ctx.project_id,
        pod_manager=podm_uuid,
    )
    return uuid, operation


def _check_usable(tx: db.Transaction, podm_uuid: str) -> None:
    podm = tx.list(models.PodManager, uuid=podm_uuid).one()
    reason = None
    if podm.deleting_at is not None:
        reason = 'is being removed'
    elif podm.maintenance:
        reason = 'is in maintenance'
    elif podm.status != 'online':
        reason = f'is offline: {podm.status_reason}'
    if reason:
        raise exception.Conflict(f'The pod manager {podm.name} {reason}.')


@db.transaction
def _update(
    tx: db.Transaction,
    controller: Nodes,
    call: base.Call,
    values: dict[str, Any],
) -> sa.Row[Any]:
    row = controller.find(tx, call)
    if values:
        tx.update(models.Node, values, uuid=row.uuid)
    return tx.list(models.Node, uuid=row.uuid).one()


@db.transaction
def _release(
    tx: db.Transaction, controller: Nodes, call: base.Call
) -> tuple[str, str]:
    row = controller.find(tx, call)
    return row.uuid, conductor.request_release(tx, call.context, row)


@db.transaction
def _reset(
    tx: db.Transaction, controller: Nodes, call: base.Call, reset_type: str
) -> tuple[str, str]:
    row = controller.find(tx, call)
    operation = conductor.request_on_node(
        tx, call.context, 'reset', row, type=reset_type
    )
    states.move_node(tx, row.uuid, 'updating')
    return row.uuid, operation
