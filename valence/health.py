# SPDX-License-Identifier: Apache-2.0
"""Whether all that Valence needs is there and usable.

A check returns when all is well. Otherwise it raises an exception whose text
is for operators: it may name hosts and files, and is for the log.
"""

import threading
import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping

import sqlalchemy as sa
from oslo_log import log

from valence.common import rpc
from valence.common import secrets
from valence.conductor import membership
from valence.db import api as db
from valence.db import migration
from valence.db.sqlalchemy import models

LOG = log.getLogger(__name__)

# How old results may be, in seconds: probes of several monitors share them.
_FRESH_SECONDS = 1.0
_BROKER_SECONDS = 2.0

Check = Callable[[], None]


class Unhealthy(Exception):
    """Something that Valence needs is missing or unusable."""


def database() -> None:
    """Check that the database responds."""
    with db.reader() as tx:
        tx.connection.execute(sa.select(1))


def schema() -> None:
    """Check that the database has the schema of this release."""
    current, head = migration.current(), migration.head()
    if current == head:
        return
    if current is not None and not migration.is_known(current):
        raise Unhealthy(
            f'The database is at revision {current}, which is newer than '
            f'{head}, the newest of this release: upgrade Valence.'
        )
    raise Unhealthy(
        f'The database is at revision {current}, this release requires '
        f'{head}: run "valence-manage db sync".'
    )


def keys() -> None:
    """Check that the credential keys can be read, and decrypt a password."""
    secrets.encrypt('')
    with db.reader() as tx:
        row = tx.list(
            models.PodManager,
            models.PodManager.password.is_not(None),
            only=('password',),
            limit=1,
        ).first()
    secrets.decrypt(row.password if row is not None else None)


def conductors() -> None:
    """Check that a conductor is alive."""
    if not membership.alive():
        raise Unhealthy('No conductor has sent a heartbeat lately.')


def broker() -> None:
    """Check that the broker, if one is configured, accepts messages."""
    reason = rpc.failure(_BROKER_SECONDS)
    if reason is not None:
        raise Unhealthy(f'The broker accepts no messages: {reason}')


#: All checks, and what anybody may know of one that fails. Those after the
#: first need the database.
CHECKS: Mapping[str, tuple[Check, str]] = {
    'database': (database, 'The database is unavailable.'),
    'schema': (schema, 'The database has the schema of another release.'),
    'keys': (keys, 'The credential keys are unusable.'),
    'conductors': (conductors, 'No conductor is alive.'),
    'broker': (broker, 'The message broker is unavailable.'),
}
#: What the API needs to serve requests.
READY = ('database', 'schema', 'keys')

_TIMED_OUT = 'There was no result in time.'
_NOT_CHECKED = 'Not checked, because the database is unavailable.'


class Monitor:
    """Runs all checks in a thread of its own, one run at a time.

    Whoever looks waits a limited time, and occupies no database connection,
    even if the database hangs.
    """

    def __init__(
        self, checks: Mapping[str, tuple[Check, str]] = CHECKS
    ) -> None:
        self._checks = checks
        self._changed = threading.Condition()
        self._results: dict[str, str | None] = {}
        self._running = False
        self._began = float('-inf')

    def look(
        self, names: Collection[str], seconds: float
    ) -> dict[str, str | None]:
        """What is wrong by the name of the check; None: nothing.

        :param seconds: how long to wait for it at most.
        """
        with self._changed:
            age = time.monotonic() - self._began
            if not self._running and age > _FRESH_SECONDS:
                self._begin()
            self._changed.wait_for(
                lambda: self._results.keys() >= set(names), seconds
            )
            return {
                name: self._results.get(name, _TIMED_OUT) for name in names
            }

    def _begin(self) -> None:
        self._running, self._began = True, time.monotonic()
        self._results = {}
        threading.Thread(target=self._run, name='health', daemon=True).start()

    def _run(self) -> None:
        try:
            for name, (check, public) in self._checks.items():
                if self._results.get('database') is not None:
                    self._store(name, _NOT_CHECKED)
                    continue
                try:
                    check()
                except Exception as exc:
                    LOG.error('Health check %s: %s', name, exc)
                    self._store(name, f'{public} The log has the reason.')
                else:
                    self._store(name, None)
        finally:
            with self._changed:
                self._running = False

    def _store(self, name: str, problem: str | None) -> None:
        with self._changed:
            self._results[name] = problem
            self._changed.notify_all()
