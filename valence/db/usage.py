# SPDX-License-Identifier: Apache-2.0
"""Who used or held what, from when to when.

A span is open while a node, or a hold, is charged for a part. Spans are opened
and closed by the transactions that change the charges, in ``valence.quota``
and ``valence.holds``, so at any time the open spans of each add up to what it
is charged.
"""

import datetime
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types
from valence.objects import usage
from valence.objects.hold import ACTIVE

_SIZES = ('uuid', 'podm_uuid', 'model', 'cpu_cores', 'memory_mib')
#: What usage can be grouped by, with the column of each.
GROUPS = {
    'project': 'project_id',
    'node': 'node_uuid',
    'hold': 'hold_uuid',
    'pod_manager': 'podm_uuid',
    'kind': 'kind',
    'model': 'model',
}


#: Who is charged: the UUID by the column that has it.
Holder = Mapping[str, str]


class Part(NamedTuple):
    """What a node or a hold is charged for; the columns of a span.

    :param resource_uuid: of the system or device; None: not selected yet.
    """

    resource_uuid: str | None
    podm_uuid: str | None
    kind: str
    model: str | None
    cores: int
    memory_mib: int
    devices: int


def requested(cores: int, memory_mib: int, devices: int) -> Part:
    """What is charged for a request until hardware is selected."""
    kind = usage.REQUESTED
    return Part(None, None, kind, None, cores, memory_mib, devices)


def parts(tx: db.Transaction, uuids: Collection[str]) -> list[Part]:
    """Systems and devices as parts."""
    listed = list(uuids)
    systems = tx.list(models.System, only=_SIZES, uuid=listed)
    devices = tx.list(models.Device, only=(*_SIZES, 'type'), uuid=listed)
    return [
        *(_part(row, 'system', 0) for row in systems),
        *(_part(row, row.type, 1) for row in devices),
    ]


def _part(row: models.System | models.Device, kind: str, devices: int) -> Part:
    sizes = row.cpu_cores, row.memory_mib, devices
    return Part(row.uuid, row.podm_uuid, kind, row.model, *sizes)


def held(tx: db.Transaction, uuids: Collection[str]) -> list[Part]:
    """The same, as parts that nobody uses."""
    return [one._replace(kind=usage.HELD) for one in parts(tx, uuids)]


def add(tx: db.Transaction, node_uuid: str, part: Part) -> None:
    """Charge a node for one more part, from now on."""
    _open(tx, {'node_uuid': node_uuid}, [part])


def replace(
    tx: db.Transaction, holder: Holder, charged: Iterable[Part]
) -> None:
    """Charge a node or a hold for exactly these parts, from now on.

    :param charged: a hold has a shared device once for each of its places.
    """
    left = Counter(charged)
    where: dict[str, Any] = {**holder, 'closed_at': None}
    gone = []
    for row in tx.list(models.UsageSpan, **where):
        part = Part(*(getattr(row, name) for name in Part._fields))
        if left[part] > 0:
            left[part] -= 1
        else:
            gone.append(row.uuid)
    if gone:
        tx.update(models.UsageSpan, {'closed_at': tx.now()}, uuid=gone)
    _open(tx, holder, [*left.elements()])


def _open(tx: db.Transaction, holder: Holder, charged: Sequence[Part]) -> None:
    owner = _owner(tx, **holder) if charged else None
    if owner is None:
        return
    rows = [
        {
            **part._asdict(),
            'podm_uuid': part.podm_uuid or owner.podm_uuid,
            'project_id': owner.project_id,
            'opened_at': tx.now(),
            **holder,
        }
        for part in charged
        if part.resource_uuid or part.cores or part.memory_mib or part.devices
    ]
    tx.create_many(models.UsageSpan, rows)


def _owner(
    tx: db.Transaction,
    node_uuid: str | None = None,
    hold_uuid: str | None = None,
) -> models.Node | models.Hold | None:
    if hold_uuid is not None:
        return tx.get(models.Hold, uuid=hold_uuid)
    return tx.get(models.Node, uuid=node_uuid)


def total(
    tx: db.Transaction,
    start: datetime.datetime,
    end: datetime.datetime,
    groups: Collection[str],
    where: Mapping[str, str | None],
    limit: int,
) -> list[dict[str, object]]:
    """The usage between two times.

    :param groups: names of ``GROUPS``.
    :param where: values of columns that spans must have.
    :param limit: how many groups are returned at most.
    :returns: of each group its columns, and sums of seconds: of parts, and of
        these multiplied by their cores and MiB.
    """
    span, sums = models.UsageSpan, _sums(start, end)
    columns = [getattr(span, GROUPS[name]) for name in groups]
    rows = tx.connection.execute(
        sa.select(*columns, *sums)
        .where(
            span.opened_at < end,
            sa.or_(span.closed_at.is_(None), span.closed_at > start),
            *(getattr(span, name) == value for name, value in where.items()),
        )
        .group_by(*columns)
        .order_by(*columns)
        .limit(limit)
    ).all()
    return [
        {
            name: round(float(value or 0), 3)
            if name.endswith('seconds')
            else value
            for name, value in row._mapping.items()
        }
        for row in rows
    ]


def _sums(
    start: datetime.datetime, end: datetime.datetime
) -> list[sa.Label[float]]:
    """The sums of seconds of spans, as far as they are between two times."""
    span = models.UsageSpan
    since = sa.case((span.opened_at < start, start), else_=span.opened_at)
    open_at_end = sa.or_(span.closed_at.is_(None), span.closed_at > end)
    until = sa.case((open_at_end, end), else_=span.closed_at)
    seconds = types.seconds(since, until)
    return [
        sa.func.sum(amount).label(name)
        for name, amount in (
            ('seconds', seconds),
            ('core_seconds', seconds * span.cores),
            ('memory_mib_seconds', seconds * span.memory_mib),
        )
    ]


def charged(
    tx: db.Transaction, project_id: str | None, without: str | None
) -> tuple[int, ...]:
    """What the nodes and holds of a project are charged together.

    :param without: UUID of a node that does not count.
    :returns: nodes, cores, memory, devices and holds.
    """
    node, hold = models.Node, models.Hold
    others = [node.uuid != without] if without else []
    nodes = tx.connection.execute(
        sa.select(sa.func.count(), *_charges(node), sa.literal(0)).where(
            node.project_id == project_id, *others
        )
    ).one()
    held = tx.connection.execute(
        sa.select(
            _sum(hold.remaining), *_charges(hold), sa.func.count()
        ).where(hold.project_id == project_id, hold.state == ACTIVE)
    ).one()
    return tuple(map(sum, zip(nodes, held, strict=True)))


def _charges(
    model: type[models.Node] | type[models.Hold],
) -> list[sa.ColumnElement[int]]:
    """The sums of what the rows of a table are charged."""
    return [
        _sum(model.charged_cores),
        _sum(model.charged_memory_mib),
        _sum(model.charged_devices),
    ]


def _sum(amount: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
    # MariaDB returns decimals.
    return sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)
