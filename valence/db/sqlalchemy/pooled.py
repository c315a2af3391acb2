# SPDX-License-Identifier: Apache-2.0
"""The table of pools; see ``models``."""

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


class Pool(Table):
    __tablename__ = 'pools'
    __table_args__ = args(
        sa.UniqueConstraint('name'),
        sa.Index('ix_pools_due_at', 'due_at'),
    )

    name: Mapped[str] = column(Name(200))
    description: Mapped[str | None] = column(String(1024))
    # No foreign key: a flavor can be deleted before its pools.
    flavor_uuid: Mapped[str] = column(UUID)
    pod_managers: Mapped[list[str]] = column(Json)
    min_ready: Mapped[int]
    max_ready: Mapped[int | None]
    max_nodes: Mapped[int]
    idle_seconds: Mapped[int]
    register: Mapped[JsonObject] = column(Json)
    project_id: Mapped[str | None] = column(Name(255))
    enabled: Mapped[bool]
    draining: Mapped[bool]
    ready: Mapped[int | None]
    coming: Mapped[int | None]
    used: Mapped[int | None]
    wanted: Mapped[int] = column(default=0, server_default='0')
    demands: Mapped[JsonObject | None] = column(Json)
    wanted_since: Mapped[datetime | None]
    state: Mapped[str] = column(String(16))
    reason: Mapped[str | None] = column(Text)
    checked_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    failures: Mapped[int]
    short_at: Mapped[datetime | None]
    surplus_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    turn: Mapped[int]
    user_id: Mapped[str | None] = column(Name(255))
