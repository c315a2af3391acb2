# SPDX-License-Identifier: Apache-2.0
"""The identity of this installation, which its marks on hardware bear."""

import functools

from valence.common import exception
from valence.common import identity
from valence.db import api as db
from valence.db.sqlalchemy import models


def create(tx: db.Transaction) -> None:
    """Give a database its identity, unless it has one."""
    if tx.get(models.Installation) is None:
        tx.create(models.Installation)


@functools.cache
def own_id() -> str:
    """The twelve hexadecimal digits by which marks name this installation.

    :raises ServiceUnavailable: before the first ``db sync``.
    """
    row = db.get(models.Installation)
    if row is None:
        raise exception.ServiceUnavailable(service='The database')
    return row.uuid.replace('-', '')[:12]


def mark(node_uuid: str) -> identity.Mark:
    """The mark of one of our nodes."""
    return identity.Mark(node_uuid, own_id())
