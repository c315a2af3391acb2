# SPDX-License-Identifier: Apache-2.0
"""What the tables of observed hardware have in common."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column as column

from valence.common.types import JsonObject
from valence.db.sqlalchemy.base import UUID
from valence.db.sqlalchemy.base import Table
from valence.db.sqlalchemy.base import args
from valence.db.sqlalchemy.base import cascade
from valence.db.sqlalchemy.types import Json
from valence.db.sqlalchemy.types import Name
from valence.db.sqlalchemy.types import String


class Observed(Table):
    """The columns of every table of observed hardware."""

    __abstract__ = True

    podm_uuid: Mapped[str] = column(UUID, cascade('pod_managers.uuid'))
    name: Mapped[str] = column(Name(255))
    manufacturer: Mapped[str | None] = column(Name(255))
    model: Mapped[str | None] = column(Name(255))
    serial_number: Mapped[str | None] = column(Name(255))
    state: Mapped[str] = column(String(16))
    health: Mapped[str] = column(String(16))
    resource_uri: Mapped[str] = column(Name(2048))
    # The unique index of MySQL is too short for a URI.
    uri_hash: Mapped[str] = column(String(64))
    properties: Mapped[JsonObject] = column(Json)
    seen_at: Mapped[datetime]
    refreshed: Mapped[bool] = column(default=False)
    stale: Mapped[bool]
    missing_since: Mapped[datetime | None]
    missed_syncs: Mapped[int]

    @orm.declared_attr
    @classmethod
    def synced_at(cls) -> Mapped[datetime]:
        """When it was last read; computed, not stored.

        A sync does not write rows that it finds unchanged, so their age is
        that of the last sync.
        """
        podms = cls.metadata.tables['pod_managers'].c
        last = (
            sa.select(podms.synced_at)
            .where(podms.uuid == cls.podm_uuid)
            .scalar_subquery()
        )
        return orm.column_property(
            sa.case(
                (cls.stale, cls.seen_at),
                (last > cls.seen_at, last),
                else_=cls.seen_at,
            )
        )


def observed_args(*indexes: sa.Index) -> tuple[Any, ...]:
    """The ``__table_args__`` of a table of observed hardware."""
    return args(sa.UniqueConstraint('podm_uuid', 'uri_hash'), *indexes)


def _is_free(context: Any) -> bool:
    """New hardware is free if its state is free: it has no allocation."""
    return bool(context.get_current_parameters()['state'] == 'free')


class Allocatable(Observed):
    """Hardware that nodes are composed of.

    ``valence.db.allocations`` maintains the columns about its allocation,
    ``valence.db.conditions`` the condition that keeps nodes away from it.
    ``count_uuid`` is the ``Count`` that includes it; see
    ``valence.db.counters``.
    """

    __abstract__ = True

    chassis_uuid: Mapped[str | None] = column(UUID)
    rack_uuid: Mapped[str | None] = column(UUID)
    node_uuid: Mapped[str | None] = column(UUID)
    hold_uuid: Mapped[str | None] = column(UUID)
    reserved_to: Mapped[str | None] = column(Name(255))
    condition_uuid: Mapped[str | None] = column(UUID)
    free: Mapped[bool] = column(default=_is_free)
    cpu_cores: Mapped[int]
    memory_mib: Mapped[int] = column(sa.BigInteger)
    zones: Mapped[list[str]] = column(Json)
    tags: Mapped[list[str] | None] = column(Json)
    inherited_tags: Mapped[list[str] | None] = column(Json)
    count_uuid: Mapped[str | None] = column(UUID)


class MacAddress(Table):
    """An address of a system or device, by which it is found.

    ``valence.db.macs`` maintains them.
    """

    __tablename__ = 'mac_addresses'
    __table_args__ = args(
        sa.UniqueConstraint('resource_uuid', 'address'),
        sa.Index('ix_mac_addresses_address', 'address', 'resource_uuid'),
        sa.Index('ix_mac_addresses_podm_uuid', 'podm_uuid'),
    )

    podm_uuid: Mapped[str] = column(UUID, cascade('pod_managers.uuid'))
    resource_uuid: Mapped[str] = column(UUID)
    address: Mapped[str] = column(String(17))
