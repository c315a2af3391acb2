# SPDX-License-Identifier: Apache-2.0
"""Keyset paging: reads the rows of one page of a collection.

Where an index serves filters and sort key, a page costs the same in a
collection of any size. Where none does, the rows are sorted here, and only so
many as [api] max_sorted allows.
"""

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
from oslo_config import cfg

from valence.api.query import Conjunction
from valence.api.query import Marker
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

    def _is_selective(self, limit: int) -> bool:
        """Whether one of the filters alone passes at most so many rows."""
        return any(
            len(
                self.tx.list(
                    self.model,
                    *self.conditions,
                    one.condition(self.model),
                    only=('uuid',),
                    limit=limit + 1,
                ).all()
            )
            <= limit
            for one in self.query.filters
        )

    def sorted_keys(self, after: Key | None) -> Iterator[Key]:
        """The keys after a key, of rows that no index returns in order.

        :raises Invalid: for more rows than may be sorted.
        """
        limit = cfg.CONF.api.max_sorted
        if not self._is_selective(limit):
            raise invalid(
                'sort_key',
                'no index serves it with these filters, and each of them '
                f'passes more than {limit} rows',
            )
        found = self.tx.list(
            self.model,
            *self.conditions,
            *(one.condition(self.model) for one in self.query.filters),
            only=self.query.order(),
        )
        descending = self.query.sort_dir == 'desc'
        keys = sorted(map(tuple, map(db.values, found)), reverse=descending)
        return (
            key
            for key in keys
            if after is None or (key < after if descending else key > after)
        )

    def merged_keys(self, limit: int, after: Key | None) -> Iterator[Key]:
        """The keys after a key, merged from the rows of each disjunct.

        Of each only its share of the page is read at a time, so that their
        number hardly matters.
        """
        disjuncts = self.query.disjuncts()
        batch = limit // len(disjuncts) + 1
        return heapq.merge(
            *(self.keys(filters, batch, after) for filters in disjuncts),
            reverse=self.query.sort_dir == 'desc',
        )

    def page(
        self, columns: Iterable[str], limit: int, after: Key | None
    ) -> Sequence[M | None]:
        """The rows after a key; None for one that is deleted."""
        if self.query.is_indexed:
            disjuncts = self.query.disjuncts()
            # An index that is read from end to end should contain all that
            # is needed.
            if len(disjuncts) == 1 and not self.query.scans:
                return self.rows(disjuncts[0], columns, limit, after)
            keys = self.merged_keys(limit, after)
        else:
            keys = self.sorted_keys(after)
        uuids = [key[-1] for key in itertools.islice(keys, limit)]
        rows = {
            row.uuid: row
            for row in self.tx.list(self.model, only=columns, uuid=uuids)
        }
        return [rows.get(uuid) for uuid in uuids]


def count(
    tx: db.Transaction,
    model: type[M],
    query: Query,
    *conditions: sa.ColumnElement[bool],
) -> int | None:
    """The number of rows on all pages.

    None: there are more than [api] max_sorted; no more are counted.
    """
    most = cfg.CONF.api.max_sorted
    filters = (one.condition(model) for one in query.filters)
    number = tx.count(model, *conditions, *filters, most=most + 1)
    return number if number <= most else None


def page(
    tx: db.Transaction,
    model: type[M],
    query: Query,
    columns: Iterable[str],
    *conditions: sa.ColumnElement[bool],
) -> tuple[Sequence[M], str | None]:
    """The rows of one page.

    The marker is the last row of the page before. The page starts after the
    key that it had, so inserts, changes and deletes do not shift pages.

    :param columns: the columns to read.
    :returns: the rows, and the marker of the next page if there is one.
    :raises Invalid: for a marker that is not in the collection and does not
        have its key.
    """
    after: Key | None = None
    if query.marker is not None:
        last = None
        if query.marker.text is None:
            last = tx.list(
                model, *conditions, only=query.order(), uuid=query.marker.uuid
            ).first()
        after = db.values(last) if last else query.marker.key(query)
    found = _Scan(tx, model, query, conditions).page(
        dict.fromkeys((*columns, *query.order())), query.limit + 1, after
    )
    rows = [row for row in found[: query.limit] if row is not None]
    more = rows and len(found) > query.limit
    return rows, str(Marker.of(rows[-1], query)) if more else None
