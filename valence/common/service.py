# SPDX-License-Identifier: Apache-2.0
"""Start and stop of processes."""

import contextlib
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
from oslo_reports import guru_meditation_report
from oslo_reports import opts as report_options
from pbr import version

from valence import conf  # noqa: F401 - registers the options
from valence.common import logs
from valence.conf import opts

LOG = log.getLogger(__name__)

# The signals that end a process in order.
_ENDING = frozenset((int(signal.SIGTERM), int(signal.SIGINT)))


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
            # It warns, with a traceback, of each malformed header of a pod
            # manager.
            'urllib3.connection=ERROR',
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
    logs.count_failures()
    if cfg.CONF.state_path in cfg.CONF.database.connection:
        make_state_path()


def announce(program: str, own_signals: bool = True) -> None:
    """Log what starts here, and be ready for signals.

    :param own_signals: whether the process is Valence's, not that of a WSGI
        server.
    """
    report_options.set_defaults(cfg.CONF)
    if own_signals:
        signal.signal(signal.SIGHUP, _ignore)
    if own_signals or cfg.CONF.oslo_reports.file_event_handler:
        # With [oslo_reports] file_event_handler, a change of that file asks
        # for a report of threads and options, otherwise SIGUSR2.
        guru_meditation_report.TextGuruMeditation.setup_autorun(
            _Product, conf=cfg.CONF
        )
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


def catch_signals() -> int:
    """Keep signals from now on, until ``wait_for_signal`` reads them.

    It is called before anything starts that has to be put in order at the end.

    :returns: the pipe from which they are read.
    """
    # The handler runs only when this thread does something, but any thread may
    # receive the signal. What is written to the pipe at that moment is kept.
    received, sent = os.pipe()
    os.set_blocking(sent, False)
    signal.set_wakeup_fd(sent, warn_on_full_buffer=False)
    for number in _ENDING:
        signal.signal(number, _ignore)
    return received


def wait_for_signal(received: int) -> None:
    """Return when the process receives SIGTERM or SIGINT.

    SIGHUP reloads what can be reloaded.

    :param received: the pipe of ``catch_signals``.
    """
    while True:
        numbers = set(os.read(received, 64))
        if not _ENDING.isdisjoint(numbers):
            return
        if signal.SIGHUP in numbers:
            reload()


def _ignore(number: int, frame: object) -> None:
    """Handle a signal in no other way than to wake this thread."""


def reload() -> None:
    """Read the mutable options again, and open the log files again."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            # The next message opens it. On a full disk, what is still in the
            # buffer is lost.
            with contextlib.suppress(OSError):
                handler.close()
    try:
        changed = cfg.CONF.mutate_config_files()
    except (cfg.Error, OSError) as exc:
        LOG.error('The configuration is not reloaded: %s', exc)
        return
    options = [f'[{group or "DEFAULT"}] {name}' for group, name in changed]
    logs.event(LOG, 'reload', changed=sorted(options))


class _Product:
    """The version in reports, as oslo.reports reads it."""

    @staticmethod
    def vendor_string() -> str:
        return 'OpenStack'

    @staticmethod
    def product_string() -> str:
        return 'Valence'

    version_string_with_package = staticmethod(_version)


def exit_now() -> NoReturn:
    """End the process without waiting for its threads.

    A thread may wait for a pod manager that hangs.
    """
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
