# SPDX-License-Identifier: Apache-2.0
"""The few verbs that everything is stored and found with.

They work on any model and give rows, not objects. Reading::

    with db.reader() as tx:
        row = tx.get(models.Node, uuid=uuid)

Writing is a function that gets the transaction as its first argument. It may
run more than once, because a whole transaction is repeated when the database
reports a deadlock, so it does nothing but database work::

    @db.transaction
    def rename(tx, uuid, name):
        tx.update(models.Node, {'name': name}, uuid=uuid)
"""

import contextlib
import functools
import itertools
import operator
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import Concatenate
from typing import ParamSpec
from typing import TypeVar

import sqlalchemy as sa
from oslo_db import api as db_api
from oslo_db import exception as db_exception
from oslo_utils import timeutils
from oslo_utils import uuidutils

from valence.common.remember import remembered
from valence.db.sqlalchemy import engine as db_engine
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types

P = ParamSpec('P')
T = TypeVar('T')
Model = type[models.Table]

BATCH = 200
#: What says that the database, and not what it was asked for, is at fault.
FAILURES = (db_exception.DBError, sa.exc.SQLAlchemyError)
now = types.utcnow


@remembered
def columns(model: Model) -> dict[str, sa.ColumnElement[Any]]:
    """The columns of a model by name, those it derives included."""
    return {
        attribute.key: attribute.expression.label(attribute.key)
        for attribute in sa.inspect(model).column_attrs
    }


@remembered
def _select(model: Model, only: tuple[str, ...] | None) -> sa.Select[Any]:
    """The beginning of a query; putting it together costs more than rows."""
    found = columns(model)
    names = found if only is None else only
    return sa.select(*(found[name] for name in names))


def conditions(
    model: Model, where: dict[str, Any]
) -> Iterator[sa.ColumnElement[bool]]:
    """Column = value for each; a list, tuple or set means any of them."""
    for name, value in where.items():
        column = getattr(model, name)
        if isinstance(value, list | tuple | set | frozenset):
            yield column.in_(value)
        else:
            yield column == value


class Transaction:
    """The verbs, on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def get(
        self, model: Model, *extra: sa.ColumnElement[bool], **where: Any
    ) -> sa.Row[Any] | None:
        """One row, or None."""
        return self.list(model, *extra, limit=1, **where).first()

    def list(
        self,
        model: Model,
        *extra: sa.ColumnElement[bool],
        only: Iterable[str] | None = None,
        order: Iterable[sa.ColumnElement[Any]] = (),
        limit: int | None = None,
        **where: Any,
    ) -> sa.Result[Any]:
        """All rows that meet the conditions.

        :param only: names of the columns to read; default: all.
        """
        query = _select(model, None if only is None else tuple(only))
        query = query.where(*extra, *conditions(model, where))
        return self.connection.execute(query.order_by(*order).limit(limit))

    def beyond(
        self,
        columns: Sequence[Any],
        values: Sequence[Any],
        ascending: bool,
    ) -> sa.ColumnElement[bool]:
        """The condition on rows that come after one in an order by columns.

        :param columns: one that tells all rows apart, or another and then it.

        PostgreSQL and SQLite find the place in an index when rows are
        compared, MySQL only when columns are.
        """
        compare = operator.gt if ascending else operator.lt
        # As they are, truth values are not compared.
        values = [
            sa.literal(value, column.type)
            for column, value in zip(columns, values, strict=True)
        ]
        if len(columns) == 1:
            return compare(columns[0], values[0])
        if self.connection.dialect.name not in types.MYSQL:
            return compare(sa.tuple_(*columns), sa.tuple_(*values))
        (first, second), (one, two) = columns, values
        return sa.or_(
            compare(first, one), sa.and_(first == one, compare(second, two))
        )

    def count(
        self, model: Model, *extra: sa.ColumnElement[bool], **where: Any
    ) -> int:
        """How many rows meet the conditions."""
        return self.connection.execute(
            sa.select(sa.func.count())
            .select_from(model)
            .where(*extra, *conditions(model, where))
        ).scalar_one()

    def create(self, model: Model, **values: Any) -> str:
        """Insert one row.

        :returns: its UUID.
        :raises oslo_db.exception.DBDuplicateEntry: for a unique value that is
            taken.
        """
        row = new_row(values)
        self.connection.execute(sa.insert(model.__table__).values(row))
        return row['uuid']

    def create_many(
        self, model: Model, rows: Iterable[dict[str, Any]]
    ) -> None:
        """Insert rows of the same columns, a batch at a time."""
        ready = iter([new_row(row) for row in rows])
        while batch := list(itertools.islice(ready, BATCH)):
            self.connection.execute(sa.insert(model.__table__), batch)

    def update(
        self,
        model: Model,
        values: dict[str, Any],
        *extra: sa.ColumnElement[bool],
        **where: Any,
    ) -> int:
        """Change the rows that meet the conditions: compare and swap.

        :returns: how many rows met them.
        """
        return self.connection.execute(
            sa.update(model)
            .where(*extra, *conditions(model, where))
            .values(updated_at=timeutils.utcnow(), **values)
            .execution_options(synchronize_session=False)
        ).rowcount

    def delete(
        self, model: Model, *extra: sa.ColumnElement[bool], **where: Any
    ) -> int:
        """Delete the rows that meet the conditions; how many there were."""
        return self.connection.execute(
            sa.delete(model)
            .where(*extra, *conditions(model, where))
            .execution_options(synchronize_session=False)
        ).rowcount


def new_row(values: dict[str, Any]) -> dict[str, Any]:
    """The values with a UUID and a time of creation where they lack one."""
    return {
        'uuid': uuidutils.generate_uuid(),
        'created_at': timeutils.utcnow(),
        **values,
    }


@contextlib.contextmanager
def reader() -> Iterator[Transaction]:
    """A transaction that only reads."""
    with db_engine.get_engine().connect() as connection:
        yield Transaction(connection)


def transaction(
    function: Callable[Concatenate[Transaction, P], T],
) -> Callable[P, T]:
    """Make a function one transaction, repeated whole on a deadlock."""

    @db_api.wrap_db_retry(
        max_retries=20,
        retry_interval=0.05,
        inc_retry_interval=True,
        max_retry_interval=1,
        jitter=True,
        retry_on_deadlock=True,
    )
    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        with db_engine.begin() as connection:
            return function(Transaction(connection), *args, **kwargs)

    return wrapper


@transaction
def create(tx: Transaction, model: Model, **values: Any) -> str:
    """Insert one row in a transaction of its own; see Transaction.create."""
    return tx.create(model, **values)


@transaction
def update(
    tx: Transaction, model: Model, values: dict[str, Any], **where: Any
) -> int:
    """Change rows in a transaction of its own; see Transaction.update."""
    return tx.update(model, values, **where)


def get(model: Model, **where: Any) -> sa.Row[Any] | None:
    """One row, read in a transaction of its own."""
    with reader() as tx:
        return tx.get(model, **where)
