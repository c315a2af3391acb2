# SPDX-License-Identifier: Apache-2.0
"""Loading of provisioners."""

import threading
from typing import cast

from oslo_log import log
from stevedore import driver

from valence.common import exception
from valence.provisioning import base

LOG = log.getLogger(__name__)

NAMESPACE = 'valence.provisioning'

_loaded: dict[str, base.Provisioner] = {}
_lock = threading.Lock()


def get(name: str) -> base.Provisioner:
    """The provisioner with this name, loaded on first use.

    :raises ProvisioningError: if it is not installed or cannot be loaded.
    """
    with _lock:
        if name not in _loaded:
            try:
                manager: driver.DriverManager[base.Provisioner]
                manager = driver.DriverManager(
                    NAMESPACE, name, invoke_on_load=True
                )
                _loaded[name] = cast(base.Provisioner, manager.driver)
            except Exception as exc:
                LOG.error('The provisioner %s cannot be loaded: %s', name, exc)
                raise exception.ProvisioningError(
                    reason=f'the provisioner {name} is not installed'
                ) from exc
        return _loaded[name]
