# SPDX-License-Identifier: Apache-2.0
"""Conditions of hardware, and what they hold for.

A condition holds for its subject and for all that is in it. The rows of
systems, devices and pod managers have the one that keeps new nodes away from
them: counters, the scheduler and claims look only there. Whoever changes
conditions, or where hardware is, takes the lock of the pod manager first.
"""

import datetime
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from valence.db import allocations
from valence.db import api as db
from valence.db import counters
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.objects import condition as objects

_BOXES = ('rack', 'chassis')
_DIRECT: Mapping[type[Allocatable], str] = {
    models.System: 'system',
    models.Device: 'device',
}


_NEW = {
    **{'state': 'active', 'looks': 0, 'contradicted_at': None},
    **{'source': 'operator', 'tenant_message': None, 'until': None},
    'user_id': None,
}


def lock(tx: db.Transaction, podm_uuid: str) -> None:
    """Keep others from changing the conditions of a pod manager."""
    # Written, not only locked: nodes of a Galera cluster share no locks.
    if not tx.update(models.ConditionLock, {}, podm_uuid=podm_uuid):
        tx.create_missing(models.ConditionLock, [{'podm_uuid': podm_uuid}])
        tx.update(models.ConditionLock, {}, podm_uuid=podm_uuid)


def active(
    tx: db.Transaction, *extra: sa.ColumnElement[bool], **where: Any
) -> list[models.Condition]:
    """The conditions that have effects now, the oldest first."""
    condition = models.Condition
    return [
        *tx.list(
            condition,
            sa.or_(condition.until.is_(None), condition.until > tx.now()),
            *extra,
            order=[condition.created_at, condition.uuid],
            state='active',
            **where,
        )
    ]


def set_condition(
    tx: db.Transaction,
    podm_uuid: str,
    subject: tuple[str, str, str],
    code: str,
    **values: object,
) -> str:
    """Set a condition, and all that follows.

    :param subject: its kind, UUID and name.
    :param values: the other columns.
    :returns: the UUID of the condition.
    """
    lock(tx, podm_uuid)
    kind, uuid, name = subject
    effects = values.get('effects') or [objects.NO_NEW_NODES]
    columns = {
        'podm_uuid': podm_uuid,
        'subject': kind,
        'subject_name': name,
        **_NEW,
        **values,
        'effects': effects,
        'keeps_away': objects.NO_NEW_NODES in effects,  # type: ignore[operator]
    }
    row = tx.get(models.Condition, subject_uuid=uuid, code=code)
    if row is None:
        found = tx.create(
            models.Condition, subject_uuid=uuid, code=code, **columns
        )
    else:
        found = row.uuid
        tx.update(models.Condition, columns, uuid=found)
    apply(tx, podm_uuid)
    return found


def unset(tx: db.Transaction, row: models.Condition) -> None:
    """Delete a condition, and end what follows of it."""
    lock(tx, row.podm_uuid)
    tx.delete(models.Condition, uuid=row.uuid)
    apply(tx, row.podm_uuid)


def set_maintenance(
    tx: db.Transaction,
    podm: models.PodManager,
    enabled: bool,
    user_id: str | None,
) -> None:
    """Set or delete the condition that the field ``maintenance`` shows."""
    row = tx.get(
        models.Condition, subject_uuid=podm.uuid, code=objects.MAINTENANCE
    )
    if enabled and row is None:
        set_condition(
            tx,
            podm.uuid,
            ('pod_manager', podm.uuid, podm.name),
            objects.MAINTENANCE,
            message='it is in maintenance',
            effects=[objects.NO_NEW_NODES, objects.QUIET],
            user_id=user_id,
        )
    elif row is not None and not enabled:
        unset(tx, row)
    elif podm.maintenance != enabled:
        # An older release set it.
        apply(tx, podm.uuid)


def apply(tx: db.Transaction, podm_uuid: str) -> None:
    """Bring the rows of hardware to what the conditions say.

    The number of statements grows with what is kept away, not with what there
    is.
    """
    rows = active(tx, podm_uuid=podm_uuid)
    away = [row for row in rows if row.keeps_away]
    inside = _inside(tx, [row for row in away if row.subject in _BOXES])
    for model, kind in _DIRECT.items():
        covering = _covering(tx, model, kind, away, inside)
        _mark(tx, model, podm_uuid, covering)
    _mark_podm(tx, podm_uuid, [r for r in rows if r.subject == 'pod_manager'])


def _inside(
    tx: db.Transaction, rows: Collection[models.Condition]
) -> dict[str, str]:
    """The condition of each chassis that has one, or is in one with it."""
    found = {}
    level = {}
    for row in reversed(rows):  # type: ignore[call-overload]
        level[row.subject_uuid] = row.uuid
    while level:
        found.update(level)
        children = [
            child
            for start in _batches(list(level))
            for child in tx.list(
                models.Chassis, only=('uuid', 'parent_uuid'), parent_uuid=start
            )
        ]
        level = {
            child.uuid: level[child.parent_uuid]
            for child in children
            if child.uuid not in found and child.parent_uuid is not None
        }
    return found


def _batches(uuids: list[str]) -> Iterable[list[str]]:
    for start in range(0, len(uuids), db.BATCH):
        yield uuids[start : start + db.BATCH]


def _covering(
    tx: db.Transaction,
    model: type[Allocatable],
    kind: str,
    rows: Iterable[models.Condition],
    inside: Mapping[str, str],
) -> dict[str, str]:
    """The condition of each row that has to have one."""
    covering: dict[str, str] = {}
    for boxes in _batches(sorted(inside)):
        for row in tx.list(
            model,
            sa.or_(model.chassis_uuid.in_(boxes), model.rack_uuid.in_(boxes)),
            only=('uuid', 'chassis_uuid', 'rack_uuid'),
        ):
            box = row.chassis_uuid if row.chassis_uuid in inside else None
            covering[row.uuid] = inside[box or str(row.rack_uuid)]
    covering.update(
        (row.subject_uuid, row.uuid)
        for row in rows
        if row.subject == kind and row.subject_uuid not in covering
    )
    return covering


def _mark(
    tx: db.Transaction,
    model: type[Allocatable],
    podm_uuid: str,
    covering: Mapping[str, str],
) -> None:
    known = {
        row.uuid: row.condition_uuid
        for row in tx.list(
            model,
            model.condition_uuid.is_not(None),
            only=('uuid', 'condition_uuid'),
            podm_uuid=podm_uuid,
        )
    }
    changes: dict[str | None, list[str]] = {}
    for uuid in sorted(known.keys() | covering.keys()):
        if known.get(uuid) != covering.get(uuid):
            changes.setdefault(covering.get(uuid), []).append(uuid)
    changed = [uuid for uuids in changes.values() for uuid in uuids]
    # Claims of these rows wait for the end of this transaction, or it for
    # them.
    with counters.changing(tx, model, changed):
        for condition, uuids in changes.items():
            for batch in _batches(uuids):
                values = {'condition_uuid': condition}
                tx.update(model, values, uuid=batch)
                allocations.copy_to_rows(tx, model, batch)


def _mark_podm(
    tx: db.Transaction, podm_uuid: str, rows: Iterable[models.Condition]
) -> None:
    away = [row.uuid for row in rows if row.keeps_away]
    codes = {row.code for row in rows}
    values = {
        'condition_uuid': away[0] if away else None,
        'maintenance': objects.MAINTENANCE in codes,
    }
    podm = tx.get(models.PodManager, uuid=podm_uuid)
    if podm is None:
        return
    changed = {n: v for n, v in values.items() if getattr(podm, n) != v}
    if changed:
        tx.update(models.PodManager, changed, uuid=podm_uuid)
        # Each claim writes these counters: one that commits at the same time
        # on another node of a Galera cluster fails.
        stored = counters.lock(tx, podm_uuid)
        if stored is not None:
            tx.update(models.Capacity, {}, uuid=stored.uuid)


class Holding(NamedTuple):
    """The conditions that hold for something.

    :param rows: the oldest first.
    """

    rows: list[models.Condition]

    def first(self, effect: str) -> models.Condition | None:
        """The first one that has an effect."""
        return next((one for one in self.rows if effect in one.effects), None)


def of_podm(tx: db.Transaction, podm: models.PodManager) -> Holding:
    """The conditions of a pod manager itself."""
    return Holding(active(tx, subject_uuid=podm.uuid))


def on_podm(tx: db.Transaction, podm: models.PodManager) -> Holding:
    """The conditions of a pod manager and of its hardware."""
    return Holding(active(tx, podm_uuid=podm.uuid))


def of_chassis(tx: db.Transaction, row: models.Chassis) -> Holding:
    """The conditions that hold for a chassis."""
    return _holding(tx, row)


def is_quiet(tx: db.Transaction, podm_uuid: str) -> bool:
    """Whether a condition of a pod manager has the effect quiet."""
    rows = active(tx, subject_uuid=podm_uuid)
    return Holding(rows).first(objects.QUIET) is not None


def quiet(tx: db.Transaction) -> set[str]:
    """The pod managers that have a condition with the effect quiet."""
    rows = active(tx, subject='pod_manager')
    return {row.podm_uuid for row in rows if objects.QUIET in row.effects}


def of_node(tx: db.Transaction, node: models.Node) -> Holding:
    """The conditions that hold for the hardware of a node."""
    return _holding(tx, node)


def of_hardware(tx: db.Transaction, row: Allocatable) -> Holding:
    """The conditions that hold for a system or device."""
    return _holding(tx, row)


def _holding(tx: db.Transaction, row: Any) -> Holding:
    known = tx.get(models.Condition, podm_uuid=row.podm_uuid)
    if known is None:
        return Holding([])
    subjects = [row.uuid, *containing(tx, row)]
    return Holding(active(tx, subject_uuid=subjects))


def containing(tx: db.Transaction, row: Any) -> set[str]:
    """The UUIDs of what something is made of, and of all that contains it.

    :param row: a node, system, device, chassis or pod manager.
    """
    names = db.mapping(row)
    if 'podm_uuid' not in names:
        return set()
    boxes = {names.get('parent_uuid')}
    parts: list[Any] = [row] if 'chassis_uuid' in names else []
    if 'provision_state' in names:
        parts = _parts(tx, row.uuid)
    for part in parts:
        boxes |= {part.chassis_uuid, part.rack_uuid}
    found = {row.podm_uuid, *(part.uuid for part in parts), *boxes}
    while boxes := boxes - {None}:
        chassis = tx.list(
            models.Chassis, only=('parent_uuid',), uuid=list(boxes)
        )
        boxes = {one.parent_uuid for one in chassis} - found
        found |= boxes
    return found - {None, row.uuid}


def _parts(tx: db.Transaction, node_uuid: str) -> list[Any]:
    """The systems and devices of a node."""
    names = 'uuid', 'chassis_uuid', 'rack_uuid'
    return [
        part
        for model in _DIRECT
        for part in tx.list(model, shares.has(model, node_uuid), only=names)
    ]


def expire(now: datetime.datetime) -> int:
    """Delete the conditions that have ended; returns how many."""
    condition = models.Condition
    with db.reader() as tx:
        rows = tx.list(
            condition,
            condition.until <= now,
            order=[condition.until],
            limit=16,
        ).all()
    return sum(_expire(row.uuid, now) for row in rows)


@db.transaction
def _expire(tx: db.Transaction, uuid: str, now: datetime.datetime) -> int:
    condition = models.Condition
    row = tx.get(condition, condition.until <= now, uuid=uuid)
    if row is None:
        return 0
    unset(tx, row)
    return 1
