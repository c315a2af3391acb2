# SPDX-License-Identifier: Apache-2.0
from typing import TypeVar

import sqlalchemy as sa

from valence import objects
from valence.api import query
from valence.api import render
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import standing
from valence.api.controllers.v1 import types
from valence.common import context
from valence.common import exception
from valence.common import rpc
from valence.conductor import requests as conductor
from valence.db import allocations
from valence.db import api as db
from valence.db import capacity
from valence.db import conditions
from valence.db import tags
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import observed
from valence.objects import fields

M = TypeVar('M', bound=observed.Allocatable)
T = TypeVar('T', bound=observed.Observed)


class Tagged(base.Controller[T]):
    """Hardware that administrators can tag."""

    @base.verb(body=types.UPDATE)
    def update(self, call: base.Call) -> base.Answer:
        """Change the tags, which are traits of it and of all within."""
        return self.render(call, _update(self, call))


@db.transaction
def _update(tx: db.Transaction, controller: Tagged[T], call: base.Call) -> T:
    row = controller.find(tx, call)
    if 'tags' in call.values:
        new = call.values['tags'] or ()
        tags.change(tx, controller.model, row.uuid, row.podm_uuid, new)
    return tx.list(controller.model, uuid=row.uuid).one()


class Chassis(Tagged[models.Chassis]):
    """What contains hardware."""

    def __init__(self) -> None:
        super().__init__(models.Chassis)

    @base.verb(params=query.FIELDS, added=standing.ADDED)
    def show(self, call: base.Call) -> base.Answer:
        """Show a chassis with the conditions that hold for it."""
        return standing.show(self, call, conditions.of_chassis)


class Racks(Chassis):
    """The chassis of type rack."""

    def __init__(self) -> None:
        super().__init__()
        self.collection = 'racks'

    def visible(self, call: base.Call) -> list[sa.ColumnElement[bool]]:
        return [models.Chassis.type == 'rack', *super().visible(call)]


class Allocatable(Tagged[M]):
    """Hardware that can be allocated to nodes."""

    @base.verb(params=query.FIELDS, added=standing.ADDED)
    def show(self, call: base.Call) -> base.Answer:
        """Show hardware with the conditions that hold for it."""
        return standing.show(self, call, conditions.of_hardware)

    @base.verb(status=204)
    def unreserve(self, call: base.Call) -> None:
        """Remove the reservation for the last project.

        Hardware that was not erased stays reserved for the project that used
        it last.
        """
        _unreserve(self, call)


@db.transaction
def _unreserve(
    tx: db.Transaction, controller: Allocatable[M], call: base.Call
) -> None:
    row = controller.find(tx, call)
    where = {'resource_uuid': row.uuid, **allocations.NOBODY}
    if not allocations.delete(tx, **where):
        raise exception.Conflict(
            f'The {controller.object.KIND} {row.name} is not reserved.'
        )


class Devices(Allocatable[models.Device]):
    """Pooled parts."""

    def __init__(self) -> None:
        super().__init__(models.Device)

    @base.verb(status=202, answer={'operations': answers.OPERATIONS})
    def sync(self, call: base.Call) -> base.Answer:
        """Read the inventory of every pod manager again."""
        rows = _sync_all(call.context)
        rpc.wake()
        names = call.shown(objects.Operation)
        return {'operations': [render.record(row, names) for row in rows]}


@db.transaction
def _sync_all(
    tx: db.Transaction, ctx: context.RequestContext
) -> list[models.Operation]:
    podms = tx.list(
        models.PodManager, only=('uuid',), status='online', deleting_at=None
    ).all()
    uuids = []
    for podm in podms:
        pending = tx.get(models.Operation, lock_key=f'sync:{podm.uuid}')
        uuids.append(
            pending.uuid
            if pending
            else conductor.request_sync(tx, ctx, podm.uuid)
        )
    return list(tx.list(models.Operation, uuid=uuids).all())


class Capacity:
    """The capacity of all pod managers."""

    object = None

    @base.verb(
        params={
            'pod_managers': fields.StringField(
                doc='UUIDs or names of the pod managers to show, separated by '
                'commas; all: each of them.',
                max_length=8192,
            )
        },
        answer={
            'capacity': answers.CAPACITY,
            'pod_managers': answers.CAPACITIES,
        },
    )
    def show(self, call: base.Call) -> base.Answer:
        """Show total and free capacity: overall and of pod managers."""
        with db.reader() as tx:
            uuids = _shown(tx, call)
            return {
                'capacity': capacity.overall(tx),
                'pod_managers': capacity.by_pod_manager(tx, uuids),
            }


def _shown(tx: db.Transaction, call: base.Call) -> list[str] | None:
    """The UUIDs of the pod managers that a request is about; None: all.

    :raises Invalid: for one that does not exist.
    """
    text = call.params.get('pod_managers')
    if text == 'all':
        return None
    keys = dict.fromkeys(map(base.key, text.split(',') if text else ()))
    podm = models.PodManager
    names = 'uuid', 'name'
    rows = tx.list(
        podm,
        sa.or_(
            *(
                getattr(podm, name).in_([v for n, v in keys if n == name])
                for name in names
            )
        ),
        only=names,
    ).all()
    found = {(name, getattr(row, name)) for row in rows for name in names}
    for name, value in keys:
        if (name, value) not in found:
            raise query.invalid(
                'pod_managers', f'there is no pod manager {value[:64]}'
            )
    return [row.uuid for row in rows]
