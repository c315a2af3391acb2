# SPDX-License-Identifier: Apache-2.0
"""Which rows a project can see; all others are hidden from it."""

from collections.abc import Callable

import sqlalchemy as sa

from valence import objects
from valence.db import access
from valence.db import capacity
from valence.db import shares
from valence.db import statements
from valence.db.sqlalchemy import models
from valence.objects import base

Condition = sa.ColumnElement[bool]


def conditions(cls: base.Kind, project_id: str | None) -> list[Condition]:
    """The conditions on the rows of a kind of resource."""
    if cls in _SHARED:
        return [_SHARED[cls](project_id)]
    if 'project_id' in cls.fields:
        return [_owned(models.BY_RESOURCE[cls.RESOURCE], project_id)]
    return []


def _owned(model: statements.Model, project_id: str | None) -> Condition:
    owner = model.__table__.c.project_id
    # NULL is no project; no caller owns such rows.
    return sa.and_(owner.is_not(None), owner == project_id)


def _flavors(project_id: str | None) -> Condition:
    """Public flavors, and those of the project."""
    return sa.or_(models.Flavor.is_public, _owned(models.Flavor, project_id))


def _devices(project_id: str | None) -> Condition:
    """The devices of the project's nodes and holds, and those it may use."""
    device = models.Device
    nodes = sa.select(models.Node.uuid).where(_owned(models.Node, project_id))
    podms = sa.select(models.PodManager.uuid).where(access.usable(project_id))
    holds = sa.select(models.Hold.uuid).where(_owned(models.Hold, project_id))
    return sa.or_(
        shares.has(device, nodes),
        device.hold_uuid.in_(holds),
        sa.and_(
            *capacity.free(device, project_id), device.podm_uuid.in_(podms)
        ),
    )


_SHARED: dict[base.Kind, Callable[[str | None], Condition]] = {
    objects.PodManager: access.usable,
    objects.Flavor: _flavors,
    objects.Device: _devices,
}
