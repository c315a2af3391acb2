# SPDX-License-Identifier: Apache-2.0
"""The processes that functional tests work with, started as they are needed.

Each ends with the process that started it.
"""

import atexit
import functools
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

PASSWORD = 'secret'
_PATIENCE = 300  # seconds
# What is installed from elsewhere is installed once, not for every run.
CACHE = (
    pathlib.Path(
        os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    )
    / 'valence-tests'
)


def command(name: str) -> str | None:
    """Where a command is: beside this Python, or on the path."""
    beside = pathlib.Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        port: int = server.getsockname()[1]
        return port


@functools.cache
def directory() -> pathlib.Path:
    """A directory for all files, as long as this process lives."""
    path = pathlib.Path(tempfile.mkdtemp(prefix='valence-dashboard-'))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def run(*arguments: Any, **environment: str) -> None:
    """Run a command to its end, which has to be a good one."""
    done = subprocess.run(
        [str(argument) for argument in arguments],
        env={**os.environ, 'PYTHONWARNINGS': 'ignore', **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f'{arguments[0]} failed: {done.stdout[-4000:]}')


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Wait until something is so; what it gave."""
    end = time.monotonic() + _PATIENCE
    while not (found := condition()):
        if time.monotonic() > end:
            raise RuntimeError(f'In vain waited for {what}')
        time.sleep(0.1)
    return found


class Process:
    """A process that ends with this one, whatever way that goes.

    :param answers: an URL that answers when it is ready; without it, what it
        says it listens on is taken for its URL.
    """

    def __init__(
        self,
        *arguments: Any,
        answers: str | None = None,
        **environment: str,
    ) -> None:
        self._command = [str(argument) for argument in arguments]
        self._environment = environment
        self.url = answers
        name = pathlib.Path(self._command[0]).name
        number = len(list(directory().glob('*.log')))
        self.log = directory() / f'{name}-{number}.log'
        self._answers = answers
        atexit.register(self.stop)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with self.log.open('a') as stream:
            self._begin = stream.tell()
            self._process = subprocess.Popen(
                self._command,
                # Never written to: it ends where this process does.
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    'PYTHONWARNINGS': 'ignore',
                    **self._environment,
                },
            )
        wait_for(self._ready, f'{self._command[0]}, see {self.log}')

    def _ready(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(
                f'{self._command[0]} ended: {self.log.read_text()[-4000:]}'
            )
        if self._answers:
            return answers(self._answers)
        text = self.log.read_text()[self._begin :]
        found = re.search(r'listen\S* on (http://\S+)', text)
        if found:
            self.url = found.group(1)
        return found is not None

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def answers(url: str) -> bool:
    """Whether somebody answers there, whatever it is."""
    try:
        urllib.request.urlopen(url, timeout=60).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def uwsgi(
    module: str, port: int, *arguments: Any, **environment: str
) -> Process:
    """A WSGI application, served on a port of the loopback address."""
    return Process(
        *(arguments[0], '--http-socket', f'127.0.0.1:{port}'),
        *('--module', module, '--master', '--processes', '1'),
        *('--lazy-apps', '--enable-threads', '--die-on-term', '--need-app'),
        # This kind of socket keeps no connection, which has to be said.
        *('--add-header', 'Connection: close', '--buffer-size', '65535'),
        *arguments[1:],
        answers=f'http://127.0.0.1:{port}/',
        **environment,
    )


def cloud(port: int) -> tuple[str, pathlib.Path]:
    """A Keystone, and an Ironic behind it.

    :param port: where the service ``composable`` is said to be.
    :returns: the URL of Keystone, and a directory with ``clouds.yaml``, and
        with ``valence.conf`` for a Valence that uses them.
    """
    # Valence's tests know how to start them: they are run, not imported.
    module = 'valence.tests.fixtures.cloud'
    made = Process(sys.executable, '-m', module, port, 'ironic')
    said = made.log.read_text().splitlines()[-1]
    return str(made.url), pathlib.Path(said.partition(';')[0])


def simulator(systems: int, *arguments: str) -> Process:
    """A simulated pod manager; its user is ``admin``."""
    made = Process(
        *(command('valence-simulator'), '--personality', 'rsd'),
        *('--port', '0', '--systems', str(systems)),
        *('--username', 'admin', '--password', PASSWORD, *arguments),
    )
    made.url = str(made.url).removesuffix('/redfish/v1')
    return made


_VALENCE = """
[DEFAULT]
state_path = {state}
[api]
port = {port}
[conductor]
poll_interval = 0.1
status_interval = 1
"""


def valence(port: int = 0, more: str = '', name: str = 'valence') -> Process:
    """A whole Valence.

    :param more: what its configuration has besides.
    """
    path = directory() / f'{name}.conf'
    state = directory() / name
    path.write_text(_VALENCE.format(state=state, port=port) + more)
    return Process(command('valence'), '--config-file', path)
