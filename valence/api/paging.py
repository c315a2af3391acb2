# SPDX-License-Identifier: Apache-2.0
"""Keyset paging: reads the rows of one page of a collection."""

import heapq
import itertools
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import Generic
from typing import NamedTuple
from typing import TypeVar

import sqlalchemy as sa

from valence.api.query import Conjunction
from valence.api.query import Query
from valence.api.query import invalid
from valence.db import api as db
from valence.db.sqlalchemy.base import Table

M = TypeVar('M', bound=Table)
# The values of the sort columns of a row; the last one is its UUID.
Key = tuple[Any, ...]


class _Scan(NamedTuple, Generic[M]):
    """Reads the rows of a collection in the order of a query."""

    tx: db.Transaction
    model: type[M]
    query: Query
    conditions: Sequence[sa.ColumnElement[bool]]

    def rows(
        self,
        filters: Conjunction,
        columns: Iterable[str],
        limit: int,
        after: Key | None,
    ) -> Sequence[M]:
        """The first rows after a key that pass filters."""
        ascending = self.query.sort_dir == 'asc'
        order = [getattr(self.model, name) for name in self.query.order()]
        conditions = [one.condition(self.model) for one in filters]
        if after is not None:
            conditions.append(self.tx.after(order, after, ascending))
        return self.tx.list(
            self.model,
            *self.conditions,
            *conditions,
            only=columns,
            order=[one if ascending else one.desc() for one in order],
            limit=limit,
        ).all()

    def keys(
        self, filters: Conjunction, batch: int, after: Key | None
    ) -> Iterator[Key]:
        """The keys of all rows that pass filters, read in batches."""
        while True:
            found = self.rows(filters, self.query.order(), batch, after)
            yield from map(db.values, found)
            if len(found) < batch:
                return
            after = db.values(found[-1])

    def page(
        self, columns: Iterable[str], limit: int, after: Key | None
    ) -> Sequence[M | None]:
        """The rows after a key; None for one that was deleted meanwhile.

        Several disjuncts are merged by key. Of each only its share of the page
        is read at a time, so that their number hardly matters.
        """
        disjuncts = self.query.disjuncts()
        if len(disjuncts) == 1:
            return self.rows(disjuncts[0], columns, limit, after)
        batch = limit // len(disjuncts) + 1
        keys = heapq.merge(
            *(self.keys(filters, batch, after) for filters in disjuncts),
            reverse=self.query.sort_dir == 'desc',
        )
        uuids = [key[-1] for key in itertools.islice(keys, limit)]
        rows = {
            row.uuid: row
            for row in self.tx.list(self.model, only=columns, uuid=uuids)
        }
        return [rows.get(uuid) for uuid in uuids]


def page(
    tx: db.Transaction,
    model: type[M],
    query: Query,
    columns: Iterable[str],
    *conditions: sa.ColumnElement[bool],
) -> tuple[Sequence[M], str | None]:
    """The rows of one page.

    The marker is the last row of the page before. The page starts after its
    key, so inserts and deletes do not shift pages.

    :param columns: the columns to read.
    :returns: the rows, and the marker of the next page if there is one.
    :raises Invalid: for a marker that is not in the collection.
    """
    after: Key | None = None
    if query.marker is not None:
        last = tx.list(
            model, *conditions, only=query.order(), uuid=query.marker
        ).first()
        if last is None:
            raise invalid('marker', 'no resource has this UUID')
        after = db.values(last)
    found = _Scan(tx, model, query, conditions).page(
        dict.fromkeys((*columns, 'uuid')), query.limit + 1, after
    )
    rows = [row for row in found[: query.limit] if row is not None]
    more = rows and len(found) > query.limit
    return rows, rows[-1].uuid if more else None
