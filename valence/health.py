# SPDX-License-Identifier: Apache-2.0
"""Whether all that Valence needs is there and usable.

A check that finds no problem returns. Otherwise it raises an exception whose
text is for operators: it may name hosts and files, and is for the log.
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
    """Check that the database has the schema of this release, or a newer one.

    During an upgrade, processes of the release before run on the new schema.
    """
    current, head = migration.current(), migration.head()
    if current is None or (current != head and migration.is_known(current)):
        raise Unhealthy(
            f'The database is at revision {current}, this release requires '
            f'{head}: run "valence-manage db sync".'
        )


def schema_of_this_release() -> None:
    """Check that the database has the schema of this release, and no other."""
    schema()
    current, head = migration.current(), migration.head()
    if current != head:
        raise Unhealthy(
            f'The database is at revision {current}, which is newer than '
            f'{head}, the newest of this release: upgrade Valence.'
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
    'schema': (schema, 'The database has the schema of an older release.'),
    'keys': (keys, 'The credential keys are unusable.'),
    'conductors': (conductors, 'No conductor is alive.'),
    'broker': (broker, 'The message broker is unavailable.'),
}
#: What the API needs to serve requests.
READY = ('database', 'schema', 'keys')

_TIMED_OUT = 'There was no result in time.'
_NOT_CHECKED = 'Not checked, because the database is unavailable.'
#: What :meth:`Monitor.look` says of checks that have no result.
UNKNOWN = (_TIMED_OUT, _NOT_CHECKED)


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
        # When each check ended, on the monotonic clock, and the problem.
        self._results: dict[str, tuple[float, str | None]] = {}
        self._running = False

    def look(
        self, names: Collection[str], seconds: float
    ) -> dict[str, str | None]:
        """What is wrong by the name of the check; None: nothing.

        :param seconds: how long to wait for it at most.
        """
        began = time.monotonic()
        since = began - _FRESH_SECONDS
        with self._changed:
            while not all(self._is_fresh(name, since) for name in names):
                if not self._running:
                    self._begin()
                left = began + seconds - time.monotonic()
                # A run may hang after checks that have ended long ago.
                if left <= 0 or not self._changed.wait(left):
                    break
            return {
                name: self._results[name][1]
                if self._is_fresh(name, since)
                else _TIMED_OUT
                for name in names
            }

    def _is_fresh(self, name: str, since: float) -> bool:
        return name in self._results and self._results[name][0] >= since

    def _begin(self) -> None:
        self._running = True
        threading.Thread(target=self._run, name='health', daemon=True).start()

    def _run(self) -> None:
        try:
            for name in self._checks:
                problem = self._check(name)
                self._store(name, problem)
                if name == 'database' and problem is not None:
                    for other in self._checks.keys() - {name}:
                        self._store(other, _NOT_CHECKED)
                    return
        finally:
            with self._changed:
                self._running = False
                self._changed.notify_all()

    def _check(self, name: str) -> str | None:
        check, public = self._checks[name]
        try:
            check()
        except Exception as exc:
            LOG.error('Health check %s: %s', name, exc)
            return f'{public} The log has the reason.'
        return None

    def _store(self, name: str, problem: str | None) -> None:
        with self._changed:
            self._results[name] = time.monotonic(), problem
            self._changed.notify_all()
