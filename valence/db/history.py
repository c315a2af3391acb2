# SPDX-License-Identifier: Apache-2.0
"""The history: what something was, from one time to another.

The transactions that change a few columns store it. Hardware has no history
until something changes: what it was before is stored then.
"""

import datetime
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa
from oslo_context import context

from valence.common import exception
from valence.db import statements
from valence.db.sqlalchemy import models
from valence.db.transaction import BATCH
from valence.db.transaction import Transaction
from valence.db.transaction import mapping
from valence.objects import history as objects
from valence.objects.condition import SEEN_SUBJECTS

#: The columns of each kind of resource whose values are stored.
TRACKED: Mapping[statements.Model, tuple[str, ...]] = {
    models.PodManager: ('status', 'maintenance'),
    models.Node: ('provision_state', 'power_state', 'fault'),
    models.System: ('health', 'power_state', 'state', 'node_uuid'),
    models.Device: ('health', 'state', 'node_uuid'),
    models.Condition: ('state',),
    models.Share: ('node_uuid',),
}
# These are stored from their creation on.
_FROM_CREATION = (
    *(models.PodManager, models.Node, models.Condition, models.Share),
)
# What else is read of each.
_MORE: Mapping[statements.Model, tuple[str, ...]] = {
    models.PodManager: ('status_reason',),
    models.Node: ('last_error', 'user_last_error'),
    models.Condition: (
        *('subject', 'subject_uuid', 'code', 'message', 'tenant_message'),
        'user_id',
    ),
    models.Share: ('resource_uuid',),
}
_HARDWARE = (models.System, models.Device)
_Row = Mapping[str, Any]
_Key = tuple[statements.Model, str]


class _Period(NamedTuple):
    """A value that something has.

    :param since: when it began, if that was before this transaction.
    """

    type: str
    uuid: str
    field: str
    value: str
    reason: exception.ErrorText | None = None
    since: datetime.datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it unique among what has not ended."""
        return self.uuid, self.field, self.value


class Recorder:
    """The history that one transaction makes; an ``Observer``."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        # The rows before the changes; None: they are new.
        self._before: dict[_Key, _Row | None] = {}
        self._deleted: set[_Key] = set()

    def find(
        self,
        model: statements.Model,
        names: Collection[str],
        conditions: Sequence[sa.ColumnElement[bool]],
        where: Mapping[str, Any],
    ) -> Collection[str]:
        if set(TRACKED[model]).isdisjoint(names):
            return ()
        rows = list(self._read(model, conditions, where))
        for row in rows:
            self._before.setdefault((model, row['uuid']), row)
        return [row['uuid'] for row in rows]

    def changed(
        self,
        model: statements.Model,
        uuids: Collection[str],
        values: Mapping[str, object],
        created: bool = False,
    ) -> None:
        if created and model in _FROM_CREATION:
            for uuid in uuids:
                self._before.setdefault((model, uuid), None)

    def deleting(
        self,
        model: statements.Model,
        conditions: Sequence[sa.ColumnElement[bool]],
        where: Mapping[str, Any],
    ) -> None:
        for row in self._read(model, conditions, where):
            self._before.setdefault((model, row['uuid']), row)
            self._deleted.add((model, row['uuid']))

    def _read(
        self,
        model: statements.Model,
        conditions: Sequence[sa.ColumnElement[bool]],
        where: Mapping[str, Any],
    ) -> Iterator[_Row]:
        names = 'uuid', 'created_at', *TRACKED[model], *_MORE.get(model, ())
        for row in self._tx.list(model, *conditions, only=names, **where):
            yield mapping(row)

    def flush(self) -> None:
        """Store what has changed."""
        ended: dict[tuple[str, str, str], _Period] = {}
        begun: dict[tuple[str, str, str], _Period] = {}
        after = dict(self._after())
        for key, before in self._before.items():
            old = dict(_periods(key, before))
            new = dict(_periods(key, after.get(key)))
            ended |= {one: old[one] for one in old if one not in new}
            begun |= {one: new[one] for one in new if one not in old}
        self._before.clear()
        self._deleted.clear()
        if ended or begun:
            self._store(ended, begun)

    def _after(self) -> Iterator[tuple[_Key, _Row]]:
        wanted: dict[statements.Model, list[str]] = {}
        for key in self._before:
            if key not in self._deleted:
                wanted.setdefault(key[0], []).append(key[1])
        for model, uuids in wanted.items():
            for start in range(0, len(uuids), BATCH):
                where = {'uuid': uuids[start : start + BATCH]}
                for row in self._read(model, (), where):
                    yield (model, row['uuid']), row

    def _store(
        self,
        ended: Mapping[tuple[str, str, str], _Period],
        begun: Mapping[tuple[str, str, str], _Period],
    ) -> None:
        now = self._tx.now()
        stored = dict(self._open(ended))
        closed = [stored[key] for key in ended if key in stored]
        for start in range(0, len(closed), BATCH):
            batch = closed[start : start + BATCH]
            self._tx.update(models.History, {'ended_at': now}, uuid=batch)
        current = context.get_current()
        who = {
            name: getattr(current, name, None)
            for name in ('user_id', 'request_id')
        }
        unknown = dict.fromkeys(who)
        self._tx.create_many(
            models.History,
            [
                *(
                    _columns(one, one.since or now, now, unknown)
                    for key, one in ended.items()
                    if key not in stored
                ),
                *(_columns(one, now, None, who) for one in begun.values()),
            ],
        )

    def _open(
        self, keys: Iterable[tuple[str, str, str]]
    ) -> Iterator[tuple[tuple[str, str, str], str]]:
        """The UUIDs of what is stored and has not ended."""
        uuids = sorted({uuid for uuid, _, _ in keys})
        for start in range(0, len(uuids), BATCH):
            for row in self._tx.list(
                models.History,
                only=('uuid', 'resource_uuid', 'field', 'value'),
                resource_uuid=uuids[start : start + BATCH],
                ended_at=None,
            ):
                yield (row.resource_uuid, row.field, row.value), row.uuid


def _columns(
    period: _Period,
    begin: datetime.datetime,
    end: datetime.datetime | None,
    who: Mapping[str, object],
) -> dict[str, object]:
    return {
        'resource_type': period.type,
        'resource_uuid': period.uuid,
        'field': period.field,
        'value': period.value[:255],
        'reason': period.reason,
        'began_at': begin,
        'ended_at': end,
        **who,
    }


def _periods(
    key: _Key, row: _Row | None
) -> Iterator[tuple[tuple[str, str, str], _Period]]:
    """What a row says that there is now."""
    model, uuid = key
    if row is None:
        return
    if model is models.Condition:
        found = _condition(row)
    elif model is models.Share:
        found = _share(row)
    else:
        found = _fields(key, row)
    for one in found:
        yield one.key, one


def _condition(row: _Row) -> Iterator[_Period]:
    if row['state'] == 'active':
        public = row['message'] if row['subject'] in SEEN_SUBJECTS else None
        yield _Period(
            *(row['subject'], row['subject_uuid'], objects.CONDITION),
            *(
                row['code'],
                _text(row['message'], row['tenant_message'] or public),
            ),
        )


def _share(row: _Row) -> Iterator[_Period]:
    if row['node_uuid'] is not None:
        yield from _claim('device', row['resource_uuid'], row['node_uuid'])


def _claim(kind: str, uuid: str, node_uuid: str) -> Iterator[_Period]:
    yield _Period(kind, uuid, objects.CLAIM, node_uuid)
    yield _Period('node', node_uuid, objects.CLAIM, uuid)


def _fields(key: _Key, row: _Row) -> Iterator[_Period]:
    model, uuid = key
    kind = models.OBJECTS[model].KIND.replace(' ', '_')
    since = row['created_at'] if model in _HARDWARE else None
    for name in TRACKED[model]:
        value = row[name]
        if value is None:
            continue
        if name == 'node_uuid':
            yield from _claim(kind, uuid, value)
            continue
        text = str(value).lower() if isinstance(value, bool) else value
        yield _Period(
            *(kind, uuid, name, text), _reason(name, row), since=since
        )


def _reason(name: str, row: _Row) -> exception.ErrorText | None:
    """Why a field has its value: for operators, and for members."""
    if name == 'status':
        return _text(row['status_reason'], None)
    if name == 'provision_state' and row[name] == 'error':
        return _text(row['last_error'], row['user_last_error'])
    return None


def _text(
    message: str | None, user_message: str | None
) -> exception.ErrorText | None:
    return (
        exception.ErrorText(message, user_message or '') if message else None
    )


OBSERVERS = {model: (Recorder,) for model in TRACKED}
