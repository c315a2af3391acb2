# SPDX-License-Identifier: Apache-2.0
"""The outbox: events, written by the transactions that change resources.

A transaction stores at most one event of a resource, and it says what matters
most: an operation on it began, ended or failed; else it was created, updated
or deleted. The times of the events of a resource never repeat and are in the
order of its changes, because the rows of changed resources are locked. So
events sorted by time are in order for each resource.

With notifications, an event also waits in one of a few queues: see
``valence.conductor.notifications``.
"""

import datetime
import zlib
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_context import context

from valence.common import notifier
from valence.common.types import JsonObject
from valence.db import statements
from valence.db.sqlalchemy import models
from valence.db.transaction import Transaction
from valence.db.transaction import mapping
from valence.objects import event
from valence.objects.fields import Audience

#: How many queues there are: so many conductors can send at once.
QUEUES = 16
_TICK = datetime.timedelta(microseconds=1)
_REQUEST = ('request_id', 'global_request_id', 'user_id')
# How operations end.
_ENDS = {'succeeded': 'end', 'failed': 'error', 'cancelled': 'error'}
# Other kinds are never over for those who follow them.
_DELETED = (
    *(models.Node, models.PodManager, models.Flavor, models.Hold),
    *(models.Condition, models.Pool),
)

Row = Mapping[str, Any]


def queue_of(resource_uuid: str) -> int:
    """The queue of a resource."""
    return zlib.crc32(resource_uuid.encode()) % QUEUES


class _Change:
    """What a transaction has done with a resource.

    :param times: those of its changes; empty: they are certain.
    """

    def __init__(self) -> None:
        self.created = False
        self.names: set[str] = set()
        self.times: set[object] = set()
        self.is_certain = False
        self.deleted: Row | None = None
        self.action: str | None = None
        self.request: JsonObject | None = None

    @property
    def verb(self) -> str:
        """What the event says; empty: nothing."""
        if self.action:
            return self.action
        if self.deleted is not None:
            return 'delete'
        if self.created:
            return 'create'
        return 'update' if self.names else ''


class Outbox:
    """The events of one transaction; an ``Observer``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._changes: dict[tuple[statements.Model, str], _Change] = {}

    def find(
        self,
        model: statements.Model,
        names: Collection[str],
        conditions: Sequence[sa.ColumnElement[bool]],
        where: Mapping[str, Any],
    ) -> Collection[str]:
        if models.OBJECTS[model].EVENTFUL.isdisjoint(names):
            return ()
        given = where.get('uuid')
        if isinstance(given, str):
            return (given,)
        if isinstance(given, list | tuple | set | frozenset):
            return given
        rows = self._tx.list(model, *conditions, only=('uuid',), **where)
        return [row.uuid for row in rows]

    def changed(
        self,
        model: statements.Model,
        uuids: Collection[str],
        values: Mapping[str, object],
        created: bool = False,
    ) -> None:
        names = models.OBJECTS[model].EVENTFUL.intersection(values)
        if not (names or created):
            return
        for uuid in uuids:
            change = self._change(model, uuid)
            change.created |= created
            change.names |= names
            change.times.add(values.get('updated_at'))
            change.is_certain |= created or len(uuids) == 1

    def say(self, model: statements.Model, uuid: str, verb: str) -> None:
        """Have the event of a resource say what happens with it."""
        change = self._change(model, uuid)
        change.action, change.is_certain = verb, True

    def deleting(
        self,
        model: statements.Model,
        conditions: Sequence[sa.ColumnElement[bool]],
        where: Mapping[str, Any],
    ) -> None:
        if model in _DELETED:
            for row in self._tx.list(model, *conditions, **where).all():
                self._change(model, row.uuid).deleted = dict(mapping(row))

    def flush(self) -> None:
        """Store the events."""
        if not self._changes:
            return
        rows = dict(self._read(self._changes))
        targets = list(self._operations(rows))
        rows.update(self._read(targets))
        events = [
            one
            for key, change in self._changes.items()
            if (one := self._event(key, change, rows.get(key))) is not None
        ]
        sent = notifier.enabled()
        for one in events:
            one['queue'] = queue_of(one['resource_uuid']) if sent else None
        self._in_order(events)
        self._tx.create_many(models.Event, events)

    def _change(self, model: statements.Model, uuid: str) -> _Change:
        return self._changes.setdefault((model, uuid), _Change())

    def _read(
        self, keys: Iterable[tuple[statements.Model, str]]
    ) -> Iterator[tuple[tuple[statements.Model, str], Row]]:
        """The rows, which nobody else changes until this transaction ends."""
        wanted: dict[statements.Model, list[str]] = {}
        for model, uuid in keys:
            if self._changes[model, uuid].deleted is None:
                wanted.setdefault(model, []).append(uuid)
        for model, uuids in wanted.items():
            query = statements.select(model, None, (('uuid', 'any'),))
            found = self._tx.connection.execute(
                query.with_for_update(), {'where_uuid': sorted(uuids)}
            )
            for row in found.all():
                yield (model, str(row.uuid)), dict(row._mapping)

    def _operations(
        self, rows: Mapping[tuple[statements.Model, str], Row]
    ) -> Iterator[tuple[statements.Model, str]]:
        """Note what operations do with their targets, which are returned."""
        for (model, uuid), change in list(self._changes.items()):
            row = rows.get((model, uuid))
            if model is not models.Operation or row is None:
                continue
            request = {name: row[name] for name in _REQUEST}
            change.request = request
            phase = _phase(change, row)
            target = models.BY_RESOURCE.get(row['target_type'])
            if phase is None or target is None:
                continue
            change.action = phase
            known = (target, row['target_uuid']) in self._changes
            done = self._change(target, row['target_uuid'])
            done.action = f'{row["action"]}.{phase}'
            done.request, done.is_certain = request, True
            if not known or done.deleted is None:
                yield target, row['target_uuid']

    def _event(
        self,
        key: tuple[statements.Model, str],
        change: _Change,
        row: Row | None,
    ) -> JsonObject | None:
        """The event of a resource, if there is one."""
        row = row if change.deleted is None else change.deleted
        if row is None or not change.verb:
            return None
        # Of several rows, an update may have changed some.
        if not change.is_certain and row['updated_at'] not in change.times:
            if change.deleted is None:
                return None
        cls = models.OBJECTS[key[0]]
        kind = cls.KIND.replace(' ', '_')
        owner = row.get('project_id')
        return {
            'event_type': f'{kind}.{change.verb}',
            'resource_type': kind,
            'resource_uuid': key[1],
            'payload': event.payload(cls, row),
            'project_id': owner if cls.AUDIENCE == Audience.PROJECT else None,
            **(change.request or _current_request()),
        }

    def _in_order(self, events: list[JsonObject]) -> None:
        """Time each event after the last one of its resource."""
        stored = models.Event
        last = dict(
            self._tx.connection.execute(
                sa.select(stored.resource_uuid, sa.func.max(stored.created_at))
                .where(
                    stored.resource_uuid.in_(
                        [one['resource_uuid'] for one in events]
                    )
                )
                .group_by(stored.resource_uuid)
            )
            .tuples()
            .all()
        )
        now = self._tx.now()
        for one in events:
            before = last.get(one['resource_uuid'])
            one['created_at'] = max(now, before + _TICK) if before else now


def say(
    tx: Transaction, model: statements.Model, uuid: str, verb: str
) -> None:
    """Have the event of a resource say what happens in a transaction."""
    tx.deferred(Outbox).say(model, uuid, verb)


def _phase(change: _Change, operation: Row) -> str | None:
    """What happens with an operation: start, end or error."""
    if operation['finished_at'] is not None:
        ended = 'finished_at' in change.names
        return _ENDS[operation['state']] if ended else None
    return 'start' if 'started_at' in change.names else None


def _current_request() -> JsonObject:
    """The request that this thread handles."""
    current = context.get_current()
    return {name: getattr(current, name, None) for name in _REQUEST}


def notification(payload: JsonObject) -> JsonObject:
    """What is sent of a stored payload: what operators can see."""
    return event.shown(payload, Audience.SYSTEM)


def keep() -> datetime.timedelta:
    """For how long events are kept."""
    return datetime.timedelta(days=cfg.CONF.outbox.keep)


#: What stores the events of a kind of resource.
OBSERVERS = {
    model: (Outbox,) for model, cls in models.OBJECTS.items() if cls.EVENTFUL
}
