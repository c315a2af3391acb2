# SPDX-License-Identifier: Apache-2.0
"""Filters: which pod managers the scheduler considers.

A filter is a function that returns why a pod manager is rejected, or None.
Other packages can add filters as entry points of
``valence.scheduler.filters``.
"""

from typing import Protocol

from valence.db.sqlalchemy import models
from valence.scheduler import registrable
from valence.scheduler.columns import reads
from valence.scheduler.request import Request

#: Why a pod manager is rejected whose condition has just changed.
KEPT_AWAY = 'a condition keeps new nodes away'


class Filter(Protocol):
    """The signature of a filter."""

    def __call__(
        self, podm: models.PodManager, request: Request
    ) -> str | None: ...


@reads('is_public')
def access(podm: models.PodManager, request: Request) -> str | None:
    """Reject pod managers that the project may not use."""
    if podm.is_public or request.project_id is None:
        return None
    if podm.uuid in request.granted:
        return None
    return 'the project has no access to it'


@reads('status')
def online(podm: models.PodManager, request: Request) -> str | None:
    """Reject pod managers that did not respond to the last probe."""
    return None if podm.status == 'online' else 'it is offline'


@reads('condition_uuid', 'deleting_at', 'maintenance')
def maintenance(podm: models.PodManager, request: Request) -> str | None:
    """Reject pod managers that a condition or deletion keeps from use."""
    if podm.deleting_at is not None:
        return 'it is being deleted'
    if podm.condition_uuid is not None:
        return request.conditions.get(podm.condition_uuid, KEPT_AWAY)
    return 'it is in maintenance' if podm.maintenance else None


@reads('synced_at')
def synced(podm: models.PodManager, request: Request) -> str | None:
    """Reject pod managers whose inventory is not known yet."""
    if podm.synced_at is None:
        return 'its inventory has not been read yet'
    return None


@reads('capabilities')
def capable(podm: models.PodManager, request: Request) -> str | None:
    """Reject pod managers that cannot compose nodes."""
    if 'compose' in podm.capabilities:
        return None
    return 'it cannot compose nodes'


@reads('capabilities', 'username', 'hardware_username')
def register(podm: models.PodManager, request: Request) -> str | None:
    """Reject pod managers whose nodes cannot be registered, if they must be.

    Not optional: such a node would be composed, and then taken apart.
    """
    return registrable.rejection_reason(podm) if request.register else None
