# SPDX-License-Identifier: Apache-2.0
"""The resources that events named, until they are read."""

import contextlib
from collections.abc import Iterable

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


def enqueue_refresh(podm_uuid: str, change: base.Change) -> None:
    """Store which resources of a pod manager have to be read."""
    if change.nothing:
        return
    uris = _canonical(change.uris)
    if not uris or len(uris) > MAX_URIS:
        uris = {EVERYTHING}
    # The pod manager may have been removed.
    with contextlib.suppress(db_exception.DBReferenceError):
        _enqueue(podm_uuid, uris)


def _canonical(uris: Iterable[str]) -> set[str]:
    """The URIs by which resources are known, without query and fragment.

    :returns: none if one of them is no URI: that may mean anything.
    """
    try:
        return {identity.canonical_uri(uri) for uri in uris}
    except ValueError:
        return set()


@db.transaction
def _enqueue(tx: db.Transaction, podm_uuid: str, uris: Iterable[str]) -> None:
    hashes = {diff.uri_hash(uri): uri for uri in uris if len(uri) <= 2048}
    for uri in _wake_operations(tx, podm_uuid, list(hashes.values())):
        del hashes[diff.uri_hash(uri)]
    if hashes:
        # All lock them in this order.
        rows = [
            {'podm_uuid': podm_uuid, 'uri': uri, 'uri_hash': key}
            for key, uri in sorted(hashes.items())
        ]
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
    tx: db.Transaction, podm_uuid: str, uris: list[str]
) -> list[str]:
    """Make operations due that wait for one of these nodes.

    :returns: the URIs of those nodes. They need no refresh: the operation
        reads the node now, and its parts at its end.
    """
    nodes = tx.list(
        models.Node,
        only=('uuid', 'resource_uri'),
        podm_uuid=podm_uuid,
        resource_uri=uris,
        provision_state=('composing', 'updating', 'releasing'),
    ).all()
    if nodes:
        tx.update(
            models.Operation,
            {'run_after': None},
            models.Operation.run_after.is_not(None),
            target_uuid=[row.uuid for row in nodes],
            state='running',
            attempt=0,
        )
    return [row.resource_uri for row in nodes if row.resource_uri]
