# SPDX-License-Identifier: Apache-2.0
"""Generic verbs that read and write the rows of any model.

Reading::

    with db.reader() as tx:
        node = tx.get(models.Node, uuid=uuid)

Writing is a function that gets the transaction as its first argument. It may
run more than once, because a whole transaction is repeated when the database
reports a deadlock or the connection breaks, so it does nothing but database
work::

    @db.transaction
    def rename(tx, uuid, name):
        tx.update(models.Node, {'name': name}, uuid=uuid)

Rows are typed as instances of their model, so that mypy knows ``node.name``.
At run time they are plain ``sqlalchemy.Row`` tuples, which cost far less than
ORM objects: a row has the columns of its model (or those that ``only`` names)
as attributes and nothing else, and cannot be changed. ``mapping`` gives the
columns by name.
"""

import contextlib
import datetime
import functools
import itertools
import operator
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Concatenate
from typing import ParamSpec
from typing import Protocol
from typing import TypeVar
from typing import cast

import sqlalchemy as sa
from oslo_utils import uuidutils
from sqlalchemy import orm

from valence.db import clock
from valence.db import failures
from valence.db import statements
from valence.db.sqlalchemy import engine as db_engine
from valence.db.sqlalchemy import types
from valence.db.sqlalchemy.base import Table

P = ParamSpec('P')
T = TypeVar('T')
M = TypeVar('M', bound=Table)
M_co = TypeVar('M_co', bound=Table, covariant=True)
D = TypeVar('D', bound='Deferred')

BATCH = 200
# The greatest limit of the statements that are cached for each.
_KEPT_LIMIT = 16
FAILURES = failures.FAILURES


class Rows(Protocol[M_co]):
    """The rows that a query found, in order. They can be read once."""

    def __iter__(self) -> Iterator[M_co]: ...

    def all(self) -> Sequence[M_co]:
        """All rows."""

    def first(self) -> M_co | None:
        """The first row, or None."""

    def one(self) -> M_co:
        """The only row.

        :raises sqlalchemy.exc.NoResultFound: for none.
        :raises sqlalchemy.exc.MultipleResultsFound: for more than one.
        """


def values(row: Table) -> tuple[Any, ...]:
    """The columns of a row in the order in which they were read."""
    return cast('tuple[Any, ...]', row)


def mapping(row: Table | sa.Row[*tuple[Any, ...]]) -> Mapping[str, Any]:
    """The columns of a row by name."""
    found = cast('sa.Row[*tuple[object, ...]]', row)._mapping
    return cast('Mapping[str, Any]', found)


class Deferred(Protocol):
    """What a transaction writes last, so that it locks it last."""

    def __init__(self, tx: 'Transaction') -> None: ...

    def flush(self) -> None:
        """Write what has come together; called before COMMIT."""


class Transaction:
    """The generic verbs, on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        #: Called once when the transaction is committed, such as what logs it.
        #: A transaction that only reads calls nothing.
        self.after_commit: list[Callable[[], object]] = []
        self._deferred: dict[type[Deferred], Deferred] = {}

    def deferred(self, kind: type[D]) -> D:
        """The only object of a kind of this transaction."""
        if kind not in self._deferred:
            self._deferred[kind] = kind(self)
        return cast(D, self._deferred[kind])

    def flush(self) -> None:
        """Write what was deferred."""
        for one in self._deferred.values():
            one.flush()

    def get(
        self, model: type[M], *extra: sa.ColumnElement[bool], **where: object
    ) -> M | None:
        """One row, or None."""
        query = statements.select_one(model, statements.shape(where))
        if extra:
            query = query.where(*extra)
        row = self.connection.execute(query, statements.values(where)).first()
        return cast('M | None', row)

    def list(
        self,
        model: type[M],
        *extra: sa.ColumnElement[bool],
        only: Iterable[str] | None = None,
        order: Iterable[sa.SQLColumnExpression[Any]] = (),
        limit: int | None = None,
        **where: object,
    ) -> Rows[M]:
        """All rows that meet the conditions.

        :param only: names of the columns to read; default: all.
        """
        names = None if only is None else tuple(only)
        # Pages have limits of any size: those statements are not kept.
        kept = limit if limit is None or limit <= _KEPT_LIMIT else None
        query = statements.select(model, names, statements.shape(where), kept)
        if extra:
            query = query.where(*extra)
        if order:
            query = query.order_by(*order)
        if limit != kept:
            query = query.limit(limit)
        return cast(
            Rows[M], self.connection.execute(query, statements.values(where))
        )

    def after(
        self,
        columns: Sequence[orm.InstrumentedAttribute[Any]],
        values: Sequence[object],
        ascending: bool,
    ) -> sa.ColumnElement[bool]:
        """The condition that rows come after a row in an order by columns.

        :param columns: a unique column, or another column and a unique one.
        :param values: the values of these columns in the row.

        PostgreSQL and SQLite use an index for the comparison of row values,
        MySQL only for the comparison of columns.
        """
        compare: Callable[[Any, Any], sa.ColumnElement[bool]] = (
            operator.gt if ascending else operator.lt
        )
        # Without its type, SQLAlchemy does not compare a boolean.
        literals = [
            sa.literal(value, column.type)
            for column, value in zip(columns, values, strict=True)
        ]
        if len(columns) == 1:
            return compare(columns[0], literals[0])
        if self.connection.dialect.name not in types.MYSQL:
            return compare(sa.tuple_(*columns), sa.tuple_(*literals))
        (first, second), (one, two) = columns, literals
        return sa.or_(
            compare(first, one), sa.and_(first == one, compare(second, two))
        )

    def count(
        self,
        model: statements.Model,
        *extra: sa.ColumnElement[bool],
        **where: object,
    ) -> int:
        """The number of rows that meet the conditions."""
        query = statements.count(model, statements.shape(where))
        if extra:
            query = query.where(*extra)
        return int(
            self.connection.execute(
                query, statements.values(where)
            ).scalar_one()
        )

    def create(self, model: statements.Model, **values: object) -> str:
        """Insert one row.

        :returns: its UUID.
        :raises oslo_db.exception.DBDuplicateEntry: if a unique value is in
            use already.
        """
        row = self._new_row(statements.stored(model, values))
        plain, computed = statements.split(row)
        statement = statements.insert(model)
        if computed:
            statement = statement.values(computed)
        self.connection.execute(statement, plain)
        return str(row['uuid'])

    def create_many(
        self, model: statements.Model, rows: Iterable[Mapping[str, object]]
    ) -> None:
        """Insert rows that have the same columns, in batches."""
        ready = iter(
            [self._new_row(statements.stored(model, row)) for row in rows]
        )
        while batch := list(itertools.islice(ready, BATCH)):
            self.connection.execute(statements.insert(model), batch)

    def create_missing(
        self, model: statements.Model, rows: Sequence[Mapping[str, object]]
    ) -> None:
        """Insert rows, except those whose unique values are in use."""
        if rows:
            statement = statements.insert_missing(
                model, self.connection.dialect.name
            )
            self.connection.execute(
                statement, [self._new_row(row) for row in rows]
            )

    def update(
        self,
        model: statements.Model,
        values: Mapping[str, object],
        *extra: sa.ColumnElement[bool],
        **where: object,
    ) -> int:
        """Change the rows that meet the conditions: compare and swap.

        :returns: the number of rows that met them.
        """
        plain, computed = statements.split(
            {'updated_at': self.now(), **statements.stored(model, values)}
        )
        statement = statements.update(model, statements.shape(where))
        if extra:
            statement = statement.where(*extra)
        if computed:
            statement = statement.values(computed)
        return self.connection.execute(
            statement, plain | statements.values(where)
        ).rowcount

    def update_many(
        self, model: statements.Model, rows: Iterable[Mapping[str, object]]
    ) -> None:
        """Change rows in one statement.

        :param rows: the UUID of each, and new values of the same columns.
        """
        ready = [
            {
                'updated_at': self.now(),
                **statements.stored(model, row),
                'where_uuid': row['uuid'],
            }
            for row in rows
        ]
        if ready:
            statement = statements.update(model, (('uuid', 'one'),))
            self.connection.execute(statement, ready)

    def now(self) -> datetime.datetime:
        """See ``now`` of this module."""
        return clock.now(self.connection)

    def _new_row(self, values: Mapping[str, object]) -> dict[str, object]:
        """The values, with a UUID and a time of creation if they have none."""
        return {
            'uuid': uuidutils.generate_uuid(),
            'created_at': self.now(),
            **values,
        }

    def delete(
        self,
        model: statements.Model,
        *extra: sa.ColumnElement[bool],
        **where: object,
    ) -> int:
        """Delete the rows that meet the conditions; returns their number."""
        statement = statements.delete(model, statements.shape(where))
        if extra:
            statement = statement.where(*extra)
        return self.connection.execute(
            statement, statements.values(where)
        ).rowcount


def now() -> datetime.datetime:
    """The time by which everything is stored: that of the database."""
    return clock.now()


@contextlib.contextmanager
def reader() -> Iterator[Transaction]:
    """A transaction that only reads."""
    with db_engine.connect() as connection:
        yield Transaction(connection)


def transaction(
    function: Callable[Concatenate[Transaction, P], T],
) -> Callable[P, T]:
    """Run a function in a transaction, and again where that is safe."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        def once(connection: sa.Connection) -> tuple[Transaction, T]:
            tx = Transaction(connection)
            result = function(tx, *args, **kwargs)
            tx.flush()
            return tx, result

        tx, result = db_engine.run(once)
        for call in tx.after_commit:
            call()
        return result

    return wrapper


@transaction
def create(
    tx: Transaction, /, model: statements.Model, **values: object
) -> str:
    """Insert one row in a transaction of its own; see Transaction.create."""
    return tx.create(model, **values)


@transaction
def update(
    tx: Transaction,
    /,
    model: statements.Model,
    values: Mapping[str, object],
    **where: object,
) -> int:
    """Change rows in a transaction of its own; see Transaction.update."""
    return tx.update(model, values, **where)


def get(model: type[M], **where: object) -> M | None:
    """One row, read in a transaction of its own."""
    with reader() as tx:
        return tx.get(model, **where)
