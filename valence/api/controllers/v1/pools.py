# SPDX-License-Identifier: Apache-2.0
from valence import pools
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import rpc
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import fields

_ACTION = types.Body(
    added={
        'drain': fields.ObjectField(
            doc='Make no more nodes, and release those that are ready.',
            inner={'additionalProperties': False},
        ),
    },
    partial=True,
    keywords={'minProperties': 1, 'maxProperties': 1},
)


class Pools(base.Controller[models.Pool]):
    """Nodes of a flavor that are kept ready in Ironic."""

    def __init__(self) -> None:
        super().__init__(models.Pool)

    @base.verb(status=201, body=types.CREATE)
    def create(self, call: base.Call) -> base.Answer:
        """Create a pool; nodes are composed for it at once."""
        row = _create(self, call)
        call.set_location('pools', row.uuid)
        return self._changed(call, row)

    @base.verb(body=types.UPDATE)
    def update(self, call: base.Call) -> base.Answer:
        """Change a pool. Nodes that it has do not change.

        To enable a pool ends that it is drained.
        """
        return self._changed(call, _update(self, call))

    @base.verb(status=204)
    def delete(self, call: base.Call) -> None:
        """Delete a pool that has no nodes which are ready, or made ready.

        Nodes that are in use stay, as ordinary nodes.
        """
        _delete(self, call)

    @base.verb(body=_ACTION)
    def action(self, call: base.Call) -> base.Answer:
        """Perform one action: drain."""
        return self._changed(call, _drain(self, call))

    def _changed(self, call: base.Call, row: models.Pool) -> base.Answer:
        rpc.wake()
        return self.render(call, row)

    def columns(self, tx: db.Transaction, call: base.Call) -> JsonObject:
        """The columns that a request sets.

        :raises Invalid: for a reference to a resource that does not exist.
        """
        values = self.resolve(tx, call, call.values)
        if 'pod_managers' in values:
            found = [
                call.find(
                    tx, models.PodManager, ident, field='pod_managers'
                ).uuid
                for ident in values['pod_managers']
            ]
            values['pod_managers'] = list(dict.fromkeys(found))
        traits = values.get('register', {}).get('traits')
        if traits is not None:
            values['register'] = {
                **values['register'],
                'traits': list(dict.fromkeys(traits)),
            }
        return values


@db.transaction
def _create(
    tx: db.Transaction, controller: Pools, call: base.Call
) -> models.Pool:
    values = controller.columns(tx, call)
    return pools.create(tx, user_id=call.context.user_id, **values)


@db.transaction
def _update(
    tx: db.Transaction, controller: Pools, call: base.Call
) -> models.Pool:
    row = controller.find(tx, call)
    return pools.change(tx, row.uuid, controller.columns(tx, call))


@db.transaction
def _delete(tx: db.Transaction, controller: Pools, call: base.Call) -> None:
    pools.delete(tx, controller.find(tx, call).uuid)


@db.transaction
def _drain(
    tx: db.Transaction, controller: Pools, call: base.Call
) -> models.Pool:
    return pools.drain(tx, controller.find(tx, call).uuid)
