# SPDX-License-Identifier: Apache-2.0
"""The pod managers that a project may use: public ones, and by access list."""

import sqlalchemy as sa

from valence.db import api as db
from valence.db.sqlalchemy import models


def usable(project_id: str | None) -> sa.ColumnElement[bool]:
    """The condition on ``pod_managers`` that a project may use them."""
    access = models.PodManagerAccess
    granted = sa.select(access.podm_uuid).where(
        access.project_id == project_id
    )
    return sa.or_(
        models.PodManager.is_public, models.PodManager.uuid.in_(granted)
    )


def granted(tx: db.Transaction, project_id: str | None) -> frozenset[str]:
    """The pod managers whose access lists name a project."""
    if project_id is None:
        return frozenset()
    rows = tx.list(
        models.PodManagerAccess, only=('podm_uuid',), project_id=project_id
    )
    return frozenset(row.podm_uuid for row in rows)
