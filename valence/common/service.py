# SPDX-License-Identifier: Apache-2.0
"""Start and stop of processes."""

import logging
import os
import pathlib
import signal
import socket
import sys
from typing import NoReturn

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import options as db_options
from oslo_log import log
from pbr import version

from valence import conf  # noqa: F401 - registers the options
from valence.common import logs
from valence.conf import opts

LOG = log.getLogger(__name__)


def prepare(argv: list[str] | None = None) -> None:
    """Read the configuration, set up logging, create the state directory.

    :param argv: command line arguments; None: those of this process.
    """
    opts.set_defaults()
    log.register_options(cfg.CONF)
    log.set_defaults(
        default_log_levels=[
            *log.get_default_log_levels(),
            'alembic=WARN',
            'futurist=WARN',
            'waitress=WARN',
        ]
    )
    cfg.CONF(
        argv,
        project='valence',
        version=_version(),
    )
    cfg.CONF.register_opts(db_options.database_opts, 'database')
    log.setup(cfg.CONF, 'valence')
    logs.keep_lines()
    if cfg.CONF.state_path in cfg.CONF.database.connection:
        make_state_path()


def announce(program: str) -> None:
    """Log what starts here, where, and with which configuration."""
    database = sa.make_url(cfg.CONF.database.connection)
    logs.event(
        LOG,
        'start',
        program=program,
        version=_version(),
        host=socket.gethostname(),
        pid=os.getpid(),
        # Parameters may hold another password.
        database=database.set(query={}).render_as_string(),
        config_files=[*cfg.CONF.config_file, *cfg.CONF.config_dir],
    )


def _version() -> str:
    return str(version.VersionInfo('valence').release_string())


def make_state_path() -> None:
    """Create the directory of database and keys, for its owner only."""
    pathlib.Path(cfg.CONF.state_path).mkdir(
        mode=0o700, parents=True, exist_ok=True
    )
    os.umask(0o077)


def wait_for_signal() -> None:
    """Return when the process receives SIGTERM or SIGINT."""
    # The handler runs only when this thread does something, but any thread may
    # receive the signal. What is written to the pipe at that moment is kept.
    received, sent = os.pipe()
    os.set_blocking(sent, False)
    signal.set_wakeup_fd(sent, warn_on_full_buffer=False)
    expected = {int(signal.SIGTERM), int(signal.SIGINT)}
    for number in expected:
        signal.signal(number, lambda signum, frame: None)
    while not expected.intersection(os.read(received, 64)):
        continue


def exit_now() -> NoReturn:
    """End the process without waiting for its threads.

    A thread may wait for a pod manager that hangs.
    """
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
