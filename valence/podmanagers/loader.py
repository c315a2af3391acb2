# SPDX-License-Identifier: Apache-2.0
"""The installed drivers, and the driver instance of each pod manager."""

import contextlib
import dataclasses
import functools
import threading
import time
from typing import Protocol

from oslo_log import log
from stevedore import extension

from valence import objects
from valence.common import exception
from valence.common import secrets
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.progress import Deadline

LOG = log.getLogger(__name__)

NAMESPACE = 'valence.pod_managers'
# How long the process waits for all drivers to log out when it ends.
_CLOSE_SECONDS = 6


class Row(Protocol):
    """A row of ``pod_managers``, with the fields of ``base.Connection``."""

    @property
    def uuid(self) -> str: ...
    @property
    def driver(self) -> str | None: ...


@functools.cache
def drivers() -> dict[str, type[base.Driver]]:
    """The installed driver classes by name."""
    manager: extension.ExtensionManager[base.Driver] = (
        extension.ExtensionManager(
            NAMESPACE,
            on_load_failure_callback=lambda manager, entry, exc: LOG.error(
                'The driver %s cannot be loaded: %s', entry.name, exc
            ),
        )
    )
    return {found.name: found.plugin for found in manager}


def names() -> list[str]:
    """The names of the installed drivers."""
    return sorted(drivers())


def stored_connection(podm: Row) -> JsonObject:
    """How to reach a pod manager, with its passwords encrypted."""
    names = [field.name for field in dataclasses.fields(base.Connection)]
    return {name: getattr(podm, name) for name in names}


def decrypt(stored: JsonObject) -> base.Connection:
    """How to reach a pod manager, with its passwords decrypted.

    :param stored: what :meth:`stored_connection` returned.
    """
    passwords = stored.keys() & set(objects.PodManager.ENCRYPTED)
    return base.Connection(
        **{**stored, **{n: secrets.decrypt(stored[n]) for n in passwords}}
    )


def connection(podm: Row) -> base.Connection:
    """How to reach a pod manager."""
    return decrypt(stored_connection(podm))


def identity(podm: Row) -> tuple[object, ...]:
    """What, when it changes, makes a connection another one."""
    return tuple(stored_connection(podm).values())


def recognize(conn: base.Connection, deadline: Deadline) -> str:
    """The name of the driver for an endpoint.

    :raises NotAPodManager: when no driver recognizes it.
    """
    reasons = []
    failure: exception.PodManagerError | None = None
    # A driver may have several entry points.
    for cls in sorted(set(drivers().values()), key=lambda cls: cls.name):
        # An endpoint that fails for one driver may respond to the next.
        try:
            if cls.recognizes(conn, deadline):
                return cls.name
        except exception.NotAPodManager as exc:
            reasons.append(str(exc.values.get('reason')))
        except exception.PodManagerError as exc:
            failure = failure or exc
    if failure is not None:
        raise failure
    reasons += _advice(conn, deadline)
    reasons.append(f'no driver of {", ".join(_detectable())} recognizes it')
    raise exception.NotAPodManager(reason='; '.join(dict.fromkeys(reasons)))


def _advice(conn: base.Connection, deadline: Deadline) -> list[str]:
    """What drivers say of an endpoint that none recognizes."""
    found = []
    for cls in set(drivers().values()):
        with contextlib.suppress(exception.PodManagerError):
            found.append(cls.advice(conn, deadline))
    return sorted(filter(None, found))


def _detectable() -> list[str]:
    """The names of the drivers that recognize what they can manage."""
    return sorted(
        {
            cls.name
            for cls in drivers().values()
            if any('recognizes' in vars(one) for one in _own_bases(cls))
        }
    )


def _own_bases(cls: type[base.Driver]) -> list[type]:
    return [one for one in cls.__mro__ if one is not base.Driver]


class Pool:
    """Driver instances, kept for their connections and sessions."""

    def __init__(self) -> None:
        self._drivers: dict[str, tuple[str, base.Connection, base.Driver]] = {}
        self._lock = threading.Lock()
        self._closing: list[threading.Thread] = []

    def get(self, podm: Row) -> base.Driver:
        """The driver of a pod manager.

        :raises PodManagerUnavailable: when its kind is not known.
        """
        if podm.driver is None:
            raise exception.PodManagerUnavailable(
                reason='no driver has recognized it yet'
            )
        conn = connection(podm)
        with self._lock:
            kept = self._drivers.get(podm.uuid)
            if kept is not None and kept[:2] == (podm.driver, conn):
                return kept[2]
            driver = drivers()[podm.driver](conn)
            self._drivers[podm.uuid] = podm.driver, conn, driver
        if kept is not None:
            self._close(kept[2])
        return driver

    def keep(self, uuids: set[str]) -> None:
        """Close the drivers of all other pod managers."""
        with self._lock:
            dropped = [
                self._drivers.pop(uuid) for uuid in set(self._drivers) - uuids
            ]
        for *_, driver in dropped:
            self._close(driver)

    def _close(self, driver: base.Driver) -> None:
        """Log a driver out; one that hangs delays no other."""
        thread = threading.Thread(
            target=driver.close, name='logout', daemon=True
        )
        thread.start()
        with self._lock:
            self._closing = [t for t in self._closing if t.is_alive()]
            self._closing.append(thread)

    def close(self) -> None:
        """Close all drivers, and wait for them to log out."""
        self.keep(set())
        deadline = time.monotonic() + _CLOSE_SECONDS
        with self._lock:
            closing = list(self._closing)
        for thread in closing:
            thread.join(max(0.0, deadline - time.monotonic()))
