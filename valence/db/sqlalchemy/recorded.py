# SPDX-License-Identifier: Apache-2.0
"""The tables of what happened; see ``models``."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column as column

from valence.common.types import JsonObject
from valence.db.sqlalchemy.base import UUID
from valence.db.sqlalchemy.base import Table
from valence.db.sqlalchemy.base import args
from valence.db.sqlalchemy.types import Json
from valence.db.sqlalchemy.types import Name
from valence.db.sqlalchemy.types import String
from valence.db.sqlalchemy.types import Text


class Event(Table):
    __tablename__ = 'events'
    __table_args__ = args(
        sa.Index('ix_events_queue', 'queue', 'created_at', 'uuid'),
    )

    event_type: Mapped[str] = column(Name(64))
    resource_type: Mapped[str] = column(Name(64))
    # No foreign key: an event outlives its resource.
    resource_uuid: Mapped[str] = column(UUID)
    payload: Mapped[JsonObject] = column(Json)
    request_id: Mapped[str | None] = column(String(64))
    global_request_id: Mapped[str | None] = column(String(64))
    user_id: Mapped[str | None] = column(Name(255))
    project_id: Mapped[str | None] = column(Name(255))
    queue: Mapped[int | None]


class EventQueue(Table):
    __tablename__ = 'event_queues'
    __table_args__ = args(sa.UniqueConstraint('number'))

    number: Mapped[int]
    claim: Mapped[str | None] = column(UUID)
    claimed_until: Mapped[datetime | None]


class History(Table):
    __tablename__ = 'history'
    __table_args__ = args(
        sa.Index('ix_history_resource_uuid', 'resource_uuid', 'began_at'),
        sa.Index('ix_history_ended_at', 'ended_at'),
    )

    resource_type: Mapped[str] = column(String(16))
    # No foreign key: what was is known longer than what is.
    resource_uuid: Mapped[str] = column(UUID)
    field: Mapped[str] = column(Name(32))
    value: Mapped[str] = column(Name(255))
    reason: Mapped[str | None] = column(Text)
    user_reason: Mapped[str | None] = column(Text)
    user_id: Mapped[str | None] = column(Name(255))
    request_id: Mapped[str | None] = column(String(64))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class UsageSpan(Table):
    __tablename__ = 'usage_spans'
    __table_args__ = args(
        sa.Index('ix_usage_spans_project_id', 'project_id', 'closed_at'),
        sa.Index('ix_usage_spans_node_uuid', 'node_uuid', 'closed_at'),
        sa.Index('ix_usage_spans_hold_uuid', 'hold_uuid', 'closed_at'),
        sa.Index('ix_usage_spans_closed_at', 'closed_at', 'opened_at'),
    )

    # No foreign keys: usage outlives what was used.
    project_id: Mapped[str | None] = column(Name(255))
    node_uuid: Mapped[str | None] = column(UUID)
    hold_uuid: Mapped[str | None] = column(UUID)
    podm_uuid: Mapped[str | None] = column(UUID)
    resource_uuid: Mapped[str | None] = column(UUID)
    kind: Mapped[str] = column(Name(64))
    model: Mapped[str | None] = column(Name(255))
    cores: Mapped[int]
    memory_mib: Mapped[int] = column(sa.BigInteger)
    devices: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
