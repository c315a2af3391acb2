# SPDX-License-Identifier: Apache-2.0
"""Which rows a project may know of: to it, all others are not there."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from valence import objects
from valence.db import access
from valence.db import capacity
from valence.db.sqlalchemy import models
from valence.objects import base

Condition = sa.ColumnElement[bool]


def conditions(
    cls: type[base.ValenceObject], project_id: str | None
) -> list[Condition]:
    """The conditions on the rows of a kind of resource.

    :param project_id: who asks.
    """
    if cls in _SHARED:
        return [_SHARED[cls](project_id)]
    if 'project_id' in cls.fields:
        return [_owned(models.BY_RESOURCE[cls.RESOURCE], project_id)]
    return []


def _owned(model: Any, project_id: str | None) -> Condition:
    # Nobody owns what belongs to no project.
    return sa.and_(
        model.project_id.is_not(None), model.project_id == project_id
    )


def _flavors(project_id: str | None) -> Condition:
    """Public ones, and the project's own."""
    return sa.or_(models.Flavor.is_public, _owned(models.Flavor, project_id))


def _devices(project_id: str | None) -> Condition:
    """What the project's nodes have, and what is free for them."""
    device = models.Device
    nodes = sa.select(models.Node.uuid).where(_owned(models.Node, project_id))
    podms = sa.select(models.PodManager.uuid).where(access.usable(project_id))
    return sa.or_(
        device.node_uuid.in_(nodes),
        sa.and_(
            *capacity.free(device, project_id), device.podm_uuid.in_(podms)
        ),
    )


_SHARED: dict[type[base.ValenceObject], Callable[[str | None], Condition]] = {
    objects.PodManager: access.usable,
    objects.Flavor: _flavors,
    objects.Device: _devices,
}
