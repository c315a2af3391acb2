# SPDX-License-Identifier: Apache-2.0
"""Finding the one who provisions nodes."""

import threading
from typing import Any

from oslo_log import log
from stevedore import driver

from valence.common import exception
from valence.provisioning import base

LOG = log.getLogger(__name__)

NAMESPACE = 'valence.provisioning'

_made: dict[str, base.Provisioner] = {}
_lock = threading.Lock()


def get(name: str) -> base.Provisioner:
    """The provisioner of a name; it is loaded when it is first used.

    :raises ProvisioningError: when it is not installed, or cannot be loaded.
    """
    with _lock:
        if name not in _made:
            try:
                found: driver.DriverManager[Any] = driver.DriverManager(
                    NAMESPACE, name, invoke_on_load=True
                )
                made: Any = found.driver
                _made[name] = made
            except Exception as exc:
                LOG.error('The provisioner %s cannot be loaded: %s', name, exc)
                raise exception.ProvisioningError(
                    reason=f'the provisioner {name} is not installed'
                ) from exc
        return _made[name]
