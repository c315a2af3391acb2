# SPDX-License-Identifier: Apache-2.0
"""The MAC addresses by which systems and devices are found.

They are in lists of their rows, where no index finds them. The table has a
copy, which is written in the transactions that store what was read.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from valence.common import identity
from valence.common.cache import cached
from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.objects import base

MODELS: tuple[type[Allocatable], ...] = (models.System, models.Device)
# A resource and an address.
_Pair = tuple[str, str]


@cached
def field(cls: base.Kind) -> str | None:
    """The field of a kind of resource that has addresses, if it has any."""
    return next(
        (name for name, one in cls.fields.items() if one.mac is not None), None
    )


def having(values: Iterable[str], part: str | None = None) -> sa.Select[Any]:
    """The query for the UUIDs of what has an address.

    :param values: any of these addresses.
    :param part: any address that has this part, instead.
    """
    address = models.MacAddress
    return sa.select(address.resource_uuid).where(
        address.address.in_(list(values))
        if part is None
        else address.address.contains(part, autoescape=True)
    )


def update(
    tx: db.Transaction, podm_uuid: str, uuids: Collection[str] | None = None
) -> None:
    """Write the addresses that have changed.

    :param uuids: of systems and devices; None: all of the pod manager.
    """
    if uuids is None:
        _compare(tx, podm_uuid, {'podm_uuid': podm_uuid}, 'podm_uuid')
        return
    ordered = sorted(uuids)
    for start in range(0, len(ordered), db.BATCH):
        batch = ordered[start : start + db.BATCH]
        _compare(tx, podm_uuid, {'uuid': batch}, 'resource_uuid')


def _compare(
    tx: db.Transaction, podm_uuid: str, where: dict[str, Any], column: str
) -> None:
    """Compare rows with their addresses, and correct these.

    :param where: which rows.
    :param column: the column of the addresses that has the same value.
    """
    (value,) = where.values()
    stored = {
        (row.resource_uuid, row.address): row.uuid
        for row in tx.list(models.MacAddress, **{column: value})
    }
    known = {pair for model in MODELS for pair in _pairs(tx, model, where)}
    old = [uuid for pair, uuid in stored.items() if pair not in known]
    for start in range(0, len(old), db.BATCH):
        tx.delete(models.MacAddress, uuid=old[start : start + db.BATCH])
    tx.create_many(
        models.MacAddress,
        (
            {'podm_uuid': podm_uuid, 'resource_uuid': uuid, 'address': one}
            for uuid, one in sorted(known - stored.keys())
        ),
    )


def _pairs(
    tx: db.Transaction, model: type[Allocatable], where: dict[str, Any]
) -> Iterator[_Pair]:
    cls = models.OBJECTS[model]
    name = str(field(cls))
    key = cls.fields[name].mac
    for row in tx.list(model, only=('uuid', name), **where):
        for item in getattr(row, name) or ():
            address = identity.mac(item.get(key) if key else item)
            if address is not None:
                yield row.uuid, address


def delete(tx: db.Transaction, uuids: Collection[str]) -> None:
    """Delete the addresses of what is deleted."""
    tx.delete(models.MacAddress, resource_uuid=list(uuids))


def fill() -> None:
    """Write the addresses of each pod manager that has none.

    Those of an earlier release have none, until it is synced for the first
    time. Each has a transaction of its own.
    """
    podm = models.PodManager
    written = sa.select(models.MacAddress.podm_uuid)
    with db.reader() as tx:
        rows = tx.list(podm, podm.uuid.not_in(written), only=('uuid',)).all()
    for row in rows:
        _fill(row.uuid)


@db.transaction
def _fill(tx: db.Transaction, /, podm_uuid: str) -> None:
    if tx.get(models.PodManager, uuid=podm_uuid):
        conditions.lock(tx, podm_uuid)
        update(tx, podm_uuid)
