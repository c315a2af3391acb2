# SPDX-License-Identifier: Apache-2.0
"""What keeps a pod manager from being considered at all.

A filter is a function of the pod manager's row and the request; it returns why
not, in words, or None. Others can be added as entry points of
``valence.scheduler.filters``.
"""

from typing import Any


def access(podm: Any, request: Any) -> str | None:
    """The project may use it; a node of no project goes anywhere."""
    if podm.is_public or request.project_id is None:
        return None
    if podm.uuid in request.granted:
        return None
    return 'it is not open to the project'


def online(podm: Any, request: Any) -> str | None:
    """It answered when it was last asked."""
    return None if podm.status == 'online' else 'it is offline'


def maintenance(podm: Any, request: Any) -> str | None:
    """Nobody keeps it for maintenance, nor removes it."""
    if podm.deleting_at is not None:
        return 'it is being removed'
    return 'it is in maintenance' if podm.maintenance else None


def synced(podm: Any, request: Any) -> str | None:
    """It is known what it owns."""
    if podm.synced_at is None:
        return 'its inventory has not been read yet'
    return None


def capable(podm: Any, request: Any) -> str | None:
    """It composes at all."""
    if 'compose' in podm.capabilities:
        return None
    return 'it cannot compose nodes'
