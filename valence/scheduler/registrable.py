# SPDX-License-Identifier: Apache-2.0
"""Whether the nodes of a pod manager can be registered with a provisioner."""

from valence.db.sqlalchemy import models


def lacks_login(podm: models.PodManager) -> bool:
    """Whether provisioners cannot log in: Valence's login is not shared."""
    return podm.username is not None and podm.hardware_username is None


def rejection_reason(podm: models.PodManager) -> str | None:
    """Why its nodes cannot be registered, or None."""
    if 'provision' not in podm.capabilities:
        return 'its nodes cannot be registered: it does not support that'
    if lacks_login(podm):
        return (
            'its nodes cannot be registered: it has no credentials for '
            'provisioners (hardware_username and hardware_password)'
        )
    return None
