# SPDX-License-Identifier: Apache-2.0
"""A transaction: the generic verbs on one connection.

``valence.db.api`` starts transactions, and says how they are used.
"""

import datetime
import itertools
import operator
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Protocol
from typing import TypeVar
from typing import cast

import sqlalchemy as sa
from oslo_utils import uuidutils
from sqlalchemy import orm

from valence.db import clock
from valence.db import statements
from valence.db.sqlalchemy import types
from valence.db.sqlalchemy.base import Table

M = TypeVar('M', bound=Table)
M_co = TypeVar('M_co', bound=Table, covariant=True)
D = TypeVar('D', bound='Deferred')

BATCH = 200
# The greatest limit of the statements that are cached for each.
_KEPT_LIMIT = 16


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


class Observer(Deferred, Protocol):
    """What follows the changes of the rows of some models."""

    def find(
        self,
        model: statements.Model,
        names: Collection[str],
        conditions: Sequence[sa.ColumnElement[bool]],
        where: Mapping[str, object],
    ) -> Collection[str]:
        """The UUIDs of the rows that an update is going to change."""

    def changed(
        self,
        model: statements.Model,
        uuids: Collection[str],
        values: Mapping[str, object],
        created: bool = False,
    ) -> None:
        """Rows were created, or some of these were changed."""

    def deleting(
        self,
        model: statements.Model,
        conditions: Sequence[sa.ColumnElement[bool]],
        where: Mapping[str, object],
    ) -> None:
        """Rows are going to be deleted."""


#: The kinds of observers, by what they observe.
Observers = Mapping[statements.Model, Sequence[type[Observer]]]


class Transaction:
    """The generic verbs, on one connection.

    :param observers: what follows the changes of rows, by model.
    """

    def __init__(
        self, connection: sa.Connection, observers: Observers | None = None
    ) -> None:
        self.connection = connection
        self._observers = observers or {}
        #: Called once when the transaction is committed, such as what logs it.
        #: A transaction that only reads calls nothing.
        self.after_commit: list[Callable[[], object]] = []
        self._deferred: dict[type[Deferred], Deferred] = {}

    def deferred(self, kind: type[D]) -> D:
        """The only object of a kind of this transaction."""
        if kind not in self._deferred:
            self._deferred[kind] = kind(self)
        return cast(D, self._deferred[kind])

    def _observing(self, model: statements.Model) -> list[Observer]:
        return [self.deferred(kind) for kind in self._observers.get(model, ())]

    def flush(self) -> None:
        """Write what was deferred: events before what many others lock."""
        kinds = set(itertools.chain.from_iterable(self._observers.values()))
        for kind in sorted(self._deferred, key=lambda one: one not in kinds):
            self._deferred[kind].flush()

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
        most: int | None = None,
        **where: object,
    ) -> int:
        """The number of rows that meet the conditions.

        :param most: no more are counted.
        """
        query = statements.count(model, statements.shape(where))
        if extra:
            query = query.where(*extra)
        if most is not None:
            rows = query.with_only_columns(model.uuid).limit(most).subquery()
            query = sa.select(sa.func.count()).select_from(rows)
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
        row = self.new_row(statements.stored(model, values))
        plain, computed = statements.split(row)
        statement = statements.insert(model)
        if computed:
            statement = statement.values(computed)
        self.connection.execute(statement, plain)
        for observer in self._observing(model):
            observer.changed(model, [str(row['uuid'])], row, created=True)
        return str(row['uuid'])

    def create_many(
        self, model: statements.Model, rows: Iterable[Mapping[str, object]]
    ) -> None:
        """Insert rows that have the same columns, in batches."""
        ready = [self.new_row(statements.stored(model, row)) for row in rows]
        rest = iter(ready)
        while batch := list(itertools.islice(rest, BATCH)):
            self.connection.execute(statements.insert(model), batch)
        uuids = [str(row['uuid']) for row in ready]
        for observer in self._observing(model) if ready else ():
            observer.changed(model, uuids, ready[0], created=True)

    def create_missing(
        self, model: statements.Model, rows: Sequence[Mapping[str, object]]
    ) -> None:
        """Insert rows, except those whose unique values are in use."""
        if rows:
            statement = statements.insert_missing(
                model, self.connection.dialect.name
            )
            self.connection.execute(
                statement, [self.new_row(row) for row in rows]
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
        new = {'updated_at': self.now(), **statements.stored(model, values)}
        plain, computed = statements.split(new)
        found = [
            (observer, observer.find(model, new, extra, where))
            for observer in self._observing(model)
        ]
        statement = statements.update(model, statements.shape(where))
        if extra:
            statement = statement.where(*extra)
        if computed:
            statement = statement.values(computed)
        count = self.connection.execute(
            statement, plain | statements.values(where)
        ).rowcount
        for observer, uuids in found if count else ():
            if uuids:
                observer.changed(model, uuids, new)
        return count

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
        if not ready:
            return
        observers = self._observing(model)
        where = {'uuid': [row['uuid'] for row in ready]}
        for observer in observers:
            observer.find(model, ready[0], (), where)
        statement = statements.update(model, (('uuid', 'one'),))
        self.connection.execute(statement, ready)
        for observer, row in itertools.product(observers, ready):
            observer.changed(model, [str(row['uuid'])], row)

    def now(self) -> datetime.datetime:
        """See ``now`` of this module."""
        return clock.now(self.connection)

    def in_seconds(self, seconds: float) -> datetime.datetime:
        """The time so many seconds from now."""
        return self.now() + datetime.timedelta(seconds=seconds)

    def lock(self, model: statements.Model, uuid: str) -> None:
        """Have others who lock or change a row wait for this transaction."""
        self.connection.execute(
            sa.select(model.uuid).where(model.uuid == uuid).with_for_update()
        )

    def new_row(self, values: Mapping[str, object]) -> dict[str, object]:
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
        for observer in self._observing(model):
            observer.deleting(model, extra, where)
        statement = statements.delete(model, statements.shape(where))
        if extra:
            statement = statement.where(*extra)
        return self.connection.execute(
            statement, statements.values(where)
        ).rowcount
