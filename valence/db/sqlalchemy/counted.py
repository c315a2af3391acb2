# SPDX-License-Identifier: Apache-2.0
"""The tables of counters; see ``models``."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column as column

from valence.common.types import DeviceCounts
from valence.common.types import JsonObject
from valence.db.sqlalchemy.base import UUID
from valence.db.sqlalchemy.base import Table
from valence.db.sqlalchemy.base import args
from valence.db.sqlalchemy.base import cascade
from valence.db.sqlalchemy.types import Json
from valence.db.sqlalchemy.types import Name
from valence.db.sqlalchemy.types import String


class Shape(Table):
    __tablename__ = 'shapes'

    kind: Mapped[str] = column(String(16))
    properties: Mapped[JsonObject] = column(Json)


class Count(Table):
    __tablename__ = 'counts'
    __table_args__ = args(
        sa.Index('ix_counts_podm_uuid', 'podm_uuid', 'shape_uuid', 'free'),
        sa.Index('ix_counts_shape_uuid', 'shape_uuid', 'free', 'podm_uuid'),
    )

    podm_uuid: Mapped[str] = column(UUID, cascade('pod_managers.uuid'))
    shape_uuid: Mapped[str] = column(UUID)
    zones: Mapped[list[str]] = column(Json)
    reserved_to: Mapped[str | None] = column(Name(255))
    total: Mapped[int]
    free: Mapped[int]
    nodes: Mapped[int]
    held: Mapped[int] = column(default=0, server_default='0')


class _Sums(Table):
    __abstract__ = True

    nodes: Mapped[int]
    systems: Mapped[int]
    free_systems: Mapped[int]
    held_systems: Mapped[int] = column(default=0, server_default='0')
    cpu_cores: Mapped[int] = column(sa.BigInteger)
    free_cpu_cores: Mapped[int] = column(sa.BigInteger)
    held_cpu_cores: Mapped[int] = column(
        sa.BigInteger, default=0, server_default='0'
    )
    memory_mib: Mapped[int] = column(sa.BigInteger)
    free_memory_mib: Mapped[int] = column(sa.BigInteger)
    held_memory_mib: Mapped[int] = column(
        sa.BigInteger, default=0, server_default='0'
    )
    devices: Mapped[dict[str, DeviceCounts]] = column(Json)


class Capacity(_Sums):
    __tablename__ = 'capacities'
    __table_args__ = args(
        sa.UniqueConstraint('podm_uuid'),
        sa.Index('ix_capacities_free_systems', 'free_systems', 'podm_uuid'),
        sa.Index('ix_capacities_nodes', 'nodes', 'podm_uuid'),
    )

    podm_uuid: Mapped[str] = column(UUID, cascade('pod_managers.uuid'))
    zoned: Mapped[int]


class CapacitySample(_Sums):
    __tablename__ = 'capacity_samples'
    __table_args__ = args(sa.UniqueConstraint('taken_at'))

    taken_at: Mapped[datetime]
