# SPDX-License-Identifier: Apache-2.0
"""Finding drivers, and the one driver instance of each pod manager."""

import functools
import threading
import time
from typing import Any

from oslo_log import log
from stevedore import extension

from valence.common import exception
from valence.common import secrets
from valence.podmanagers import base

LOG = log.getLogger(__name__)

NAMESPACE = 'valence.pod_managers'
# At the end so long is waited for all of them to log out.
_CLOSE_SECONDS = 6


@functools.cache
def drivers() -> dict[str, type[base.Driver]]:
    """The installed driver classes by name."""
    manager: extension.ExtensionManager[Any] = extension.ExtensionManager(
        NAMESPACE,
        on_load_failure_callback=lambda manager, entry, exc: LOG.error(
            'The driver %s cannot be loaded: %s', entry.name, exc
        ),
    )
    return {found.name: found.plugin for found in manager}


def names() -> list[str]:
    """The names of the installed drivers."""
    return sorted(drivers())


def connection(podm: Any) -> base.Connection:
    """How to reach a pod manager, its password in the clear.

    :param podm: a row of ``pod_managers``.
    """
    return base.Connection(
        url=podm.url,
        username=podm.username,
        password=secrets.decrypt(podm.password),
        auth_type=podm.auth_type,
        insecure=podm.insecure,
        ca_cert=podm.ca_cert,
    )


def identity(podm: Any) -> tuple[Any, ...]:
    """What makes a connection another one when it changes.

    :param podm: a row of ``pod_managers``.
    """
    return (
        podm.url,
        podm.username,
        podm.password,
        podm.auth_type,
        podm.insecure,
        podm.ca_cert,
    )


def recognize(conn: base.Connection, deadline: base.Deadline) -> str:
    """The name of the driver for an endpoint.

    :raises NotAPodManager: when none knows it.
    """
    reasons = []
    away: exception.PodManagerUnavailable | None = None
    # Some drivers go by more than one name.
    for cls in sorted(set(drivers().values()), key=lambda cls: cls.name):
        # That it does not speak, or bear, the protocol of one driver tells
        # the next one nothing.
        try:
            if cls.recognizes(conn, deadline):
                return cls.name
        except exception.NotAPodManager as exc:
            reasons.append(str(exc.values.get('reason')))
        except exception.PodManagerUnavailable as exc:
            away = exc
    if away is not None:
        raise away
    reasons.append(f'no driver of {", ".join(names())} recognizes it')
    raise exception.NotAPodManager(reason='; '.join(dict.fromkeys(reasons)))


class Pool:
    """Driver instances, kept for the sake of their connections and logins."""

    def __init__(self) -> None:
        self._drivers: dict[str, tuple[Any, base.Driver]] = {}
        self._lock = threading.Lock()
        self._closing: list[threading.Thread] = []

    def get(self, podm: Any) -> base.Driver:
        """The driver of a pod manager whose kind is known.

        :param podm: a row of ``pod_managers``.
        """
        conn = connection(podm)
        identity = (podm.driver, conn)
        with self._lock:
            kept = self._drivers.get(podm.uuid)
            if kept is not None and kept[0] == identity:
                return kept[1]
            driver = drivers()[podm.driver](conn)
            self._drivers[podm.uuid] = (identity, driver)
        if kept is not None:
            self._close(kept[1])
        return driver

    def keep(self, uuids: set[str]) -> None:
        """Let go of the drivers of all other pod managers."""
        with self._lock:
            gone = [
                self._drivers.pop(uuid) for uuid in set(self._drivers) - uuids
            ]
        for _, driver in gone:
            self._close(driver)

    def _close(self, driver: base.Driver) -> None:
        """Have a driver log out; one that hangs delays no other."""
        thread = threading.Thread(
            target=driver.close, name='logout', daemon=True
        )
        thread.start()
        self._closing = [t for t in self._closing if t.is_alive()]
        self._closing.append(thread)

    def close(self) -> None:
        """Let go of all drivers, and wait until they have logged out."""
        self.keep(set())
        deadline = time.monotonic() + _CLOSE_SECONDS
        for thread in self._closing:
            thread.join(max(0.0, deadline - time.monotonic()))
