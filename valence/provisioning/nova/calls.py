# SPDX-License-Identifier: Apache-2.0
"""Calls of Nova."""

import threading
from typing import Any

from valence.provisioning import remote

NOVA = remote.Service(
    name='Nova',
    group='nova',
    kind='compute',
    header='openstack-api-version',
)
calling = NOVA.calling

_lock = threading.Lock()
_proxies: list[Any] = []


def client() -> Any:
    """The proxy of openstacksdk, connected on first use.

    To be called within ``calling``.

    :raises ProvisioningError: if Nova is not configured.
    """
    with _lock:
        if not _proxies:
            _proxies.append(NOVA.connect())
        return _proxies[0]


def forget() -> None:
    """Connect again on next use, as the configuration says then."""
    with _lock:
        _proxies.clear()
