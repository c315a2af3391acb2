# SPDX-License-Identifier: Apache-2.0
"""``valence``: API and conductor in one process, without a broker."""

import fcntl
import pathlib
import sys
from typing import IO

from oslo_config import cfg

from valence.api import server
from valence.common import secrets
from valence.common import service
from valence.conductor import membership
from valence.conductor import service as conductor_service
from valence.db import migration


def _lock() -> IO[str]:
    """Lock the state directory against a second process.

    The lock ends with the process, even if it is killed.
    """
    service.make_state_path()
    stream = (pathlib.Path(cfg.CONF.state_path) / 'valence.lock').open('w')
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(
            f'valence: {cfg.CONF.state_path} is in use by another process; '
            f'configure another [DEFAULT] state_path'
        )
    return stream


def main() -> None:
    """Run API and conductor until the process receives a signal."""
    service.prepare()
    service.announce('valence')
    with _lock():
        secrets.create_keys()
        migration.sync()
        if cfg.CONF.database.connection.startswith('sqlite:'):
            # No other process uses the database: all its conductors ended.
            membership.deregister_all()
        signals = service.catch_signals()
        conductor = conductor_service.Conductor()
        api = server.Server()
        conductor.start()
        api.start()
        service.wait_for_signal(signals)
        api.stop()
        conductor.stop()
        service.exit_now()
