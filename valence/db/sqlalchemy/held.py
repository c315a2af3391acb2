# SPDX-License-Identifier: Apache-2.0
"""The tables of holds, and of who has hardware; see ``models``."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column as column

from valence.common.types import HeldPlace
from valence.common.types import JsonObject
from valence.common.types import Requirements
from valence.db.sqlalchemy.base import UUID
from valence.db.sqlalchemy.base import Table
from valence.db.sqlalchemy.base import args
from valence.db.sqlalchemy.base import cascade
from valence.db.sqlalchemy.types import Json
from valence.db.sqlalchemy.types import Name
from valence.db.sqlalchemy.types import String
from valence.db.sqlalchemy.types import Text


class Hold(Table):
    __tablename__ = 'holds'
    __table_args__ = args(
        sa.UniqueConstraint('scope', 'name'),
        sa.Index('ix_holds_ended_at', 'ended_at'),
    )

    name: Mapped[str] = column(Name(255))
    scope: Mapped[str] = column(Name(255))
    podm_uuid: Mapped[str | None] = column(UUID)
    # No foreign key: a flavor can be deleted before its holds.
    flavor_uuid: Mapped[str | None] = column(UUID)
    resource_class: Mapped[str | None] = column(Name(255))
    properties: Mapped[Requirements] = column(Json)
    request: Mapped[JsonObject] = column(Json)
    count: Mapped[int]
    remaining: Mapped[int]
    places: Mapped[list[HeldPlace]] = column(Json)
    state: Mapped[str] = column(String(16))
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    charged_cores: Mapped[int]
    charged_memory_mib: Mapped[int] = column(sa.BigInteger)
    charged_devices: Mapped[int]
    reservation_error: Mapped[str | None] = column(Text)
    user_reservation_error: Mapped[str | None] = column(Text)
    project_id: Mapped[str | None] = column(Name(255))
    user_id: Mapped[str | None] = column(Name(255))


class Reservation(Table):
    __tablename__ = 'reservations'
    __table_args__ = args(
        sa.UniqueConstraint('node_uuid'),
        sa.Index('ix_reservations_due_at', 'due_at'),
    )

    # No foreign key: what a deleted hold had reserved is still to be deleted.
    hold_uuid: Mapped[str] = column(UUID, index=True)
    node_uuid: Mapped[str] = column(UUID)
    podm_uuid: Mapped[str] = column(
        UUID, cascade('pod_managers.uuid'), index=True
    )
    name: Mapped[str] = column(Name(255))
    place: Mapped[HeldPlace] = column(Json)
    state: Mapped[str] = column(String(16))
    progress: Mapped[dict[str, str]] = column(Json)
    attempts: Mapped[int]
    sent_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    error: Mapped[str | None] = column(Text)
    user_error: Mapped[str | None] = column(Text)


def one_holder(table: str, *others: str) -> sa.CheckConstraint:
    """The constraint that a node, or a hold, or another has hardware.

    :param others: columns of which one is set where neither of them is.
    """
    held = ' OR '.join(
        f'{name} IS NOT NULL' for name in ('node_uuid', 'hold_uuid', *others)
    )
    return sa.CheckConstraint(
        f'(node_uuid IS NULL OR hold_uuid IS NULL) AND ({held})',
        name=f'one_holder_{table}',
    )


class Allocation(Table):
    __tablename__ = 'allocations'
    __table_args__ = args(
        sa.UniqueConstraint('resource_uuid'),
        # The holder is the node, or the hold, or else the project.
        one_holder('allocations', 'reserved_to'),
    )

    resource_uuid: Mapped[str] = column(UUID)
    node_uuid: Mapped[str | None] = column(
        UUID,
        sa.ForeignKey('nodes.uuid', ondelete='CASCADE'),
        index=True,
    )
    hold_uuid: Mapped[str | None] = column(
        UUID, cascade('holds.uuid'), index=True
    )
    podm_uuid: Mapped[str] = column(UUID, index=True)
    reserved_to: Mapped[str | None] = column(Name(255))
    observed: Mapped[JsonObject | None] = column(Json)


class Share(Table):
    __tablename__ = 'shares'
    __table_args__ = args(
        sa.UniqueConstraint('resource_uuid', 'place'),
        sa.UniqueConstraint('resource_uuid', 'node_uuid'),
        one_holder('shares'),
    )

    resource_uuid: Mapped[str] = column(UUID)
    place: Mapped[int]
    node_uuid: Mapped[str | None] = column(
        UUID, cascade('nodes.uuid'), index=True
    )
    hold_uuid: Mapped[str | None] = column(
        UUID, cascade('holds.uuid'), index=True
    )
    podm_uuid: Mapped[str] = column(UUID, index=True)
