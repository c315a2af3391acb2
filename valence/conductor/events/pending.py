# SPDX-License-Identifier: Apache-2.0
"""The resources that events named, until they are read."""

import contextlib
from collections.abc import Collection
from collections.abc import Mapping

import sqlalchemy as sa
from oslo_db import exception as db_exception
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from valence.common import identity
from valence.common.cache import cached
from valence.conductor.inventory import diff
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types
from valence.podmanagers import base

#: Beyond this many resources a full sync is faster than single reads.
MAX_URIS = 200
#: Stored in place of a URI to request a full sync.
EVERYTHING = '*'
# Longer than any that is known.
_MAX_LENGTH = 2048


def enqueue_refresh(podm_uuid: str, change: base.Change) -> None:
    """Store which resources of a pod manager have to be read."""
    enqueue_refreshes({podm_uuid: change})


def enqueue_refreshes(changes: Mapping[str, base.Change]) -> None:
    """Store which resources have to be read, in one transaction.

    :param changes: by UUID of the pod manager.
    """
    uris = {
        podm_uuid: _to_read(change)
        for podm_uuid, change in changes.items()
        if not change.nothing
    }
    try:
        _enqueue(uris)
    except db_exception.DBReferenceError:
        # One of the pod managers has been removed.
        for podm_uuid, named in uris.items():
            with contextlib.suppress(db_exception.DBReferenceError):
                _enqueue({podm_uuid: named})


def _to_read(change: base.Change) -> set[str]:
    """The URIs by which resources are known, without query and fragment.

    If one of them is no URI, that may mean anything.
    """
    try:
        uris = {identity.canonical_uri(uri) for uri in change.uris}
    except ValueError:
        uris = set()
    if not uris or len(uris) > MAX_URIS:
        return {EVERYTHING}
    return {uri for uri in uris if len(uri) <= _MAX_LENGTH}


@db.transaction
def _enqueue(tx: db.Transaction, uris: Mapping[str, set[str]]) -> None:
    named = {
        (podm_uuid, diff.uri_hash(uri)): uri
        for podm_uuid, found in uris.items()
        for uri in found
    }
    # All lock them in this order.
    rows = [
        {'podm_uuid': key[0], 'uri_hash': key[1], 'uri': named[key]}
        for key in sorted(named.keys() - _wake_operations(tx, named))
    ]
    if rows:
        statement = _upsert(tx.connection.dialect.name)
        tx.connection.execute(statement, list(map(tx.new_row, rows)))


@cached
def _upsert(dialect: str) -> sa.Insert:
    """Insert rows, and replace those that are being read.

    A read in progress may have happened before the change; its end deletes
    the rows by the UUIDs that they had.
    """
    table = models.PendingRefresh.__table__
    read = table.c.updated_at.is_not(None)
    if dialect in types.MYSQL:
        inserted = mysql.insert(table)
        # The order matters: the second assignment makes it pending again.
        return inserted.on_duplicate_key_update(
            [
                (
                    'uuid',
                    sa.case(
                        (read, inserted.inserted.uuid), else_=table.c.uuid
                    ),
                ),
                ('updated_at', sa.null()),
            ]
        )
    make = postgresql.insert if dialect == 'postgresql' else sqlite.insert
    statement = make(table)
    return statement.on_conflict_do_update(
        index_elements=[table.c.podm_uuid, table.c.uri_hash],
        set_={'uuid': statement.excluded.uuid, 'updated_at': sa.null()},
        where=read,
    )


def _wake_operations(
    tx: db.Transaction, named: Collection[tuple[str, str]]
) -> set[tuple[str | None, str | None]]:
    """Make operations due that wait for one of these nodes.

    :param named: UUIDs of pod managers, and hashes of URIs.
    :returns: those of the nodes. They need no refresh: the operation reads the
        node now, and its parts at its end.
    """
    nodes = tx.list(
        models.Node,
        only=('uuid', 'podm_uuid', 'uri_hash'),
        podm_uuid=sorted({podm_uuid for podm_uuid, _ in named}),
        uri_hash=sorted({uri_hash for _, uri_hash in named}),
        provision_state=('composing', 'updating', 'releasing'),
    )
    # Another pod manager may have a node of the same URI.
    found = {
        (row.podm_uuid, row.uri_hash): row.uuid
        for row in nodes
        if (row.podm_uuid, row.uri_hash) in named
    }
    if found:
        tx.update(
            models.Operation,
            {'run_after': None},
            models.Operation.run_after.is_not(None),
            target_uuid=[*found.values()],
            state='running',
            attempt=0,
        )
    return {*found}
