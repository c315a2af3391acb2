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
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Concatenate
from typing import ParamSpec
from typing import TypeVar

import sqlalchemy as sa

from valence.db import clock
from valence.db import failures
from valence.db import observers
from valence.db import statements
from valence.db.sqlalchemy import engine as db_engine
from valence.db.sqlalchemy.base import Table
from valence.db.transaction import BATCH as BATCH
from valence.db.transaction import Deferred as Deferred
from valence.db.transaction import Rows as Rows
from valence.db.transaction import Transaction as Transaction
from valence.db.transaction import mapping as mapping
from valence.db.transaction import values as values

P = ParamSpec('P')
T = TypeVar('T')
M = TypeVar('M', bound=Table)

FAILURES = failures.FAILURES


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
            tx = Transaction(connection, observers.OBSERVERS)
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
