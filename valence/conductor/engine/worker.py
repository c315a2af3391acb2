# SPDX-License-Identifier: Apache-2.0
"""Keeping a claimed operation through interruptions."""

import threading

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.conductor.engine import endings
from valence.conductor.engine import engine
from valence.conductor.engine.run import LeaseExpired
from valence.conductor.engine.run import Run
from valence.db import failures

LOG = log.getLogger(__name__)


def persist(run: Run, stopping: threading.Event) -> None:
    """Run an operation as far as it goes, also if it is interrupted.

    After some interruptions it ends as failed, unless the database or the
    lease is to blame. Then the worker is left to others, and the claim is
    released as soon as the database serves.

    :param stopping: set when nothing more is to be begun.
    """
    interruption: BaseException | None = None
    for _ in range(cfg.CONF.conductor.attempts):
        if stopping.is_set():
            return
        try:
            engine.work(run, stopping, resuming=interruption is not None)
            return
        except BaseException as exc:
            # No driver may end the thread, not even with SystemExit.
            interruption = exc
        _log(run, interruption)
        expired = isinstance(interruption, LeaseExpired)
        stopping.wait(cfg.CONF.conductor.heartbeat_interval if expired else 1)
    if interruption is not None and not stopping.is_set():
        _end(run, interruption)


def _log(run: Run, exc: BaseException) -> None:
    uuid = run.operation.uuid
    if isinstance(exc, LeaseExpired):
        LOG.warning('Operation %s waits until the lease is renewed', uuid)
    elif isinstance(exc, failures.FAILURES):
        LOG.error('The database is unavailable: %s', failures.reason(exc))
    else:
        LOG.error('Operation %s is interrupted', uuid, exc_info=exc)


def _end(run: Run, exc: BaseException) -> None:
    """End an operation that was interrupted too often."""
    uuid = run.operation.uuid
    if not isinstance(exc, LeaseExpired | exception.DatabaseUnavailable):
        try:
            run.resume()
            endings.give_up(run, exc)
            LOG.error('Operation %s has failed: it cannot go on', uuid)
            return
        except BaseException as last:
            LOG.warning('Operation %s cannot be ended: %r', uuid, last)
    LOG.error('Operation %s is left for later', uuid)
