# SPDX-License-Identifier: Apache-2.0
"""Everything in one process: the API, a conductor, SQLite, no broker."""

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
    """Keep a second process from the same state directory.

    The lock goes with the process, however it ends.
    """
    service.make_state_path()
    stream = (pathlib.Path(cfg.CONF.state_path) / 'valence.lock').open('w')
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(
            f'valence: another process works in {cfg.CONF.state_path}; give '
            f'this one its own [DEFAULT] state_path'
        )
    return stream


def main() -> None:
    """Run all of Valence until the process is told to end."""
    service.prepare()
    with _lock():
        secrets.create_keys()
        migration.sync()
        if cfg.CONF.database.connection.startswith('sqlite:'):
            # No other process can use it: whoever is registered is dead.
            membership.deregister_all()
        conductor = conductor_service.Conductor()
        api = server.Server()
        conductor.start()
        api.start()
        service.wait_for_signal()
        api.stop()
        conductor.stop()
        service.leave()
