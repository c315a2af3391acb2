# SPDX-License-Identifier: Apache-2.0
"""The processes that functional tests use, started on first use.

They end with the process that started them.
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
_TIMEOUT = 300  # seconds
# Third-party software is installed once, not in every run.
CACHE = (
    pathlib.Path(
        os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    )
    / 'valence-tests'
)


def command(name: str) -> str | None:
    """Return the path of a command: next to this Python, or in PATH."""
    beside = pathlib.Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


_reserved: list[socket.socket] = []


def free_port() -> int:
    """Reserve a TCP port that is free, for the life of this process.

    A socket stays bound to it, so that no other process gets it.
    A server can bind it too, because both set SO_REUSEADDR.
    """
    holder = socket.socket()
    holder.bind(('127.0.0.1', 0))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _reserved.append(holder)
    port: int = holder.getsockname()[1]
    return port


@functools.cache
def directory() -> pathlib.Path:
    """Return a directory for all files; it is deleted at exit."""
    path = pathlib.Path(tempfile.mkdtemp(prefix='valence-dashboard-'))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def run(*arguments: Any, **environment: str) -> None:
    """Run a command that has to succeed."""
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
    """Wait until a condition is true; return its value."""
    end = time.monotonic() + _TIMEOUT
    while not (found := condition()):
        if time.monotonic() > end:
            raise RuntimeError(f'timed out waiting for {what}')
        time.sleep(0.1)
    return found


class Process:
    """A process that never outlives this one.

    :param ready_url: a URL that responds when the process is ready. Without
        it, the URL is read from the output of the process.
    """

    def __init__(
        self,
        *arguments: Any,
        ready_url: str | None = None,
        **environment: str,
    ) -> None:
        self._command = [str(argument) for argument in arguments]
        self._environment = environment
        self.url = ready_url
        name = pathlib.Path(self._command[0]).name
        number = len(list(directory().glob('*.log')))
        self.log = directory() / f'{name}-{number}.log'
        self._ready_url = ready_url
        atexit.register(self.stop)
        self.start()

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        with self.log.open('a') as stream:
            self._begin = stream.tell()
            self._process = subprocess.Popen(
                self._command,
                # Nothing is written to it: the process ends at end of file.
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
        if self._ready_url:
            return responds(self._ready_url)
        text = self.log.read_text()[self._begin :]
        found = re.search(r'listen\S* on (http://\S+)', text)
        if found:
            self.url = found.group(1)
        return found is not None

    def stop(self) -> None:
        """Stop the process and wait for its end."""
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def responds(url: str) -> bool:
    """Return whether a URL returns any HTTP response."""
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
    """Serve a WSGI application on a port of the loopback address."""
    return Process(
        *(arguments[0], '--http-socket', f'127.0.0.1:{port}'),
        *('--module', module, '--master', '--processes', '1'),
        *('--lazy-apps', '--enable-threads', '--die-on-term', '--need-app'),
        # This kind of socket does not support keep-alive, so responses have to
        # say so.
        *('--add-header', 'Connection: close', '--buffer-size', '65535'),
        *arguments[1:],
        ready_url=f'http://127.0.0.1:{port}/',
        **environment,
    )


def cloud(port: int) -> tuple[str, pathlib.Path]:
    """Start Keystone and Ironic.

    :param port: the port of the service ``composable`` in the catalog.
    :returns: the URL of Keystone, and a directory with ``clouds.yaml``, and
        with ``valence.conf`` for a Valence that uses them.
    """
    # This runs the fixtures of Valence's tests, and does not import them.
    module = 'valence.tests.fixtures.cloud'
    made = Process(sys.executable, '-m', module, port, 'ironic')
    line = made.log.read_text().splitlines()[-1]
    return str(made.url), pathlib.Path(line.partition(';')[0])


def hostile(port: int, project_id: str) -> Process:
    """Start a Valence with hostile texts in every field.

    :param project_id: the project that owns its nodes.
    """
    # This runs the fixtures of Valence's tests, and does not import them.
    module = 'valence.tests.fixtures.hostile'
    return Process(sys.executable, '-m', module, port, project_id)


def nova() -> Process:
    """Start a Nova that knows flavors only, and asks for no token."""
    # This runs the fixtures of Valence's tests, and does not import them.
    return Process(sys.executable, '-m', 'valence.tests.fixtures.strict_nova')


def simulator(systems: int, *arguments: str) -> Process:
    """Start a simulated pod manager with the user ``admin``."""
    made = Process(
        *(command('valence-simulator'), '--personality', 'rsd'),
        *('--port', '0', '--systems', str(systems)),
        *('--username', 'admin', '--password', PASSWORD, *arguments),
    )
    made.url = str(made.url).removesuffix('/redfish/v1')
    return made


def finish_composing(simulator: Process) -> None:
    """Finish compositions of a simulator, and make later ones fast."""
    for method, path, body in (
        ('PATCH', 'options', b'{"compose_seconds": 0.1}'),
        ('POST', 'finish', b'{}'),
    ):
        request = urllib.request.Request(
            f'{simulator.url}/_simulator/{path}',
            body,
            {'Content-Type': 'application/json'},
            method=method,
        )
        urllib.request.urlopen(request).close()


_VALENCE = """
[DEFAULT]
state_path = {state}
[api]
port = {port}
[conductor]
poll_interval = 0.1
status_interval = 1
"""


def valence(
    port: int = 0, options: str = '', name: str = 'valence'
) -> Process:
    """Start Valence in a single process.

    :param options: additional text for its configuration file.
    """
    path = directory() / f'{name}.conf'
    state = directory() / name
    path.write_text(_VALENCE.format(state=state, port=port) + options)
    return Process(command('valence'), '--config-file', path)
