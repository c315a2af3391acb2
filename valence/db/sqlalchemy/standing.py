# SPDX-License-Identifier: Apache-2.0
"""The tables of what operators say of hardware; see ``models``."""

from datetime import datetime

import sqlalchemy as sa
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


class Condition(Table):
    __tablename__ = 'conditions'
    __table_args__ = args(
        sa.UniqueConstraint('subject_uuid', 'code'),
        sa.Index('ix_conditions_until', 'until'),
    )

    podm_uuid: Mapped[str] = column(UUID, cascade('pod_managers.uuid'))
    subject: Mapped[str] = column(String(16))
    subject_uuid: Mapped[str] = column(UUID)
    subject_name: Mapped[str] = column(Name(255))
    code: Mapped[str] = column(Name(64))
    message: Mapped[str] = column(String(1024))
    tenant_message: Mapped[str | None] = column(String(1024))
    effects: Mapped[list[str]] = column(Json)
    until: Mapped[datetime | None]
    source: Mapped[str] = column(String(16))
    state: Mapped[str] = column(String(16))
    keeps_away: Mapped[bool]
    looks: Mapped[int]
    contradicted_at: Mapped[datetime | None]
    user_id: Mapped[str | None] = column(Name(255))


class ExpectedPart(Table):
    __tablename__ = 'expected_parts'
    __table_args__ = args(
        sa.Index('ix_expected_parts_podm_uuid', 'podm_uuid', 'created_at'),
    )

    podm_uuid: Mapped[str] = column(UUID, cascade('pod_managers.uuid'))
    type: Mapped[str] = column(Name(64))
    serial_number: Mapped[str | None] = column(Name(255))
    place: Mapped[str | None] = column(Name(1024))
    properties: Mapped[JsonObject] = column(Json)


class ConditionLock(Table):
    __tablename__ = 'condition_locks'
    __table_args__ = args(sa.UniqueConstraint('podm_uuid'))

    podm_uuid: Mapped[str] = column(UUID, cascade('pod_managers.uuid'))
