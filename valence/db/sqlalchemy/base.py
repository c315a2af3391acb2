# SPDX-License-Identifier: Apache-2.0
"""What all tables have in common: their columns, types and constraints."""

from datetime import datetime
from typing import Any
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column as column

from valence.db.sqlalchemy.types import DateTime
from valence.db.sqlalchemy.types import String

UUID = String(36)


class Base(orm.DeclarativeBase):
    """The base of all models: column types, and names of constraints."""

    metadata = sa.MetaData(
        naming_convention={
            'ix': 'ix_%(column_0_label)s',
            'columns': lambda key, _: '0'.join(key.columns.keys()),
            'uq': 'uniq_%(table_name)s0%(columns)s',
        }
    )
    type_annotation_map: ClassVar = {datetime: DateTime}
    __table__: ClassVar[sa.Table]


class Table(Base):
    """The columns of every table."""

    __abstract__ = True
    __table_args__: Any = {
        'mysql_engine': 'InnoDB',
        'mysql_charset': 'utf8mb4',
    }

    uuid: Mapped[str] = column(UUID, primary_key=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


def args(
    *constraints: sa.UniqueConstraint | sa.CheckConstraint | sa.Index,
) -> tuple[Any, ...]:
    """The ``__table_args__`` of a table with constraints and indexes."""
    return (*constraints, Table.__table_args__)


def cascade(column: str) -> sa.ForeignKey:
    """A foreign key whose rows are deleted with what they belong to."""
    return sa.ForeignKey(column, ondelete='CASCADE')


def add_index(table: sa.Table, name: str | None, key: str) -> None:
    """Add the index that serves a filter and a sort key.

    The UUID makes the order unique.
    """
    names = [one for one in dict.fromkeys((name, key)) if one]
    sa.Index(
        '_'.join(('ix', table.name, *names)),
        *(table.columns[one] for one in (*names, 'uuid')),
    )
