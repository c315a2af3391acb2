# SPDX-License-Identifier: Apache-2.0
"""The processes that functional tests use, started on first use.

Every process of the test runner has its own Valence and its own simulated pod
manager, on free ports of the loopback address. They end with it.
"""

import atexit
import base64
import functools
import importlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import unittest
import urllib.parse
import urllib.request
from typing import NoReturn

PASSWORD = 'a password of the pod'
_CONFIGURATION = """
[DEFAULT]
state_path = {state_path}
[api]
port = 0
[conductor]
poll_interval = 0.1
status_interval = 1
"""


def command(name: str) -> str | None:
    """Return the path of a command: next to this Python, or in PATH."""
    beside = pathlib.Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


@functools.cache
def directory() -> pathlib.Path:
    """Return a directory for all files; it is deleted at exit."""
    path = pathlib.Path(tempfile.mkdtemp(prefix='valenceclient-'))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def valence() -> str:
    """Return the URL of a Valence without authentication."""
    path = directory() / 'valence.conf'
    path.write_text(_CONFIGURATION.format(state_path=directory() / 'state'))
    return _start('valence', '--config-file', str(path))


@functools.cache
def valence_with_http_basic() -> str:
    """Return the URL of a Valence with HTTP basic authentication."""
    users = directory() / 'htpasswd'
    # The password of joe is "pw".
    users.write_text(
        'joe:$2b$04$OnNVGowRnmcb7ay31FyPbudWU8QWeAppF16ENCbynWcRNfNCnRpZS\n'
    )
    path = directory() / 'valence_with_http_basic.conf'
    path.write_text(
        _CONFIGURATION.format(
            state_path=directory() / 'valence_with_http_basic'
        )
        + f"""
[DEFAULT]
auth_strategy = http_basic
[oslo_middleware]
http_basic_auth_user_file = {users}
"""
    )
    return _start('valence', '--config-file', str(path))


@functools.cache
def simulator() -> str:
    """Return the URL of a pod manager with 20 systems and user ``admin``."""
    url = _start(
        *('valence-simulator', '--personality', 'rsd', '--port', '0'),
        *('--systems', '20', '--username', 'admin', '--password', PASSWORD),
    )
    return url.removesuffix('/redfish/v1')


@functools.cache
def hostile() -> str:
    """Return the URL of a Valence in which every text is hostile."""
    # This runs the fixtures of Valence's tests, and does not import them.
    module = 'valence.tests.fixtures.hostile'
    return _run('hostile', [sys.executable, '-m', module]).split()[-1]


@functools.cache
def keystone() -> pathlib.Path:
    """Return the clouds.yaml of a Keystone with a Valence in its catalog.

    Its clouds are admin, demo (a member of the project demo), reader (of the
    same project) and other (a member of another project).

    :raises unittest.SkipTest: if Keystone cannot be started.
    """
    # A socket stays bound to the port, so that no other one gets it; servers
    # can bind it too, because all set SO_REUSEADDR.
    holder = socket.socket()
    holder.bind(('127.0.0.1', 0))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    atexit.register(holder.close)
    port = holder.getsockname()[1]
    # This runs the fixtures of Valence's tests, and does not import them.
    module = 'valence.tests.fixtures.cloud'
    output = _run('keystone', [sys.executable, '-m', module, str(port)])
    if 'it listens on' not in output:
        raise unittest.SkipTest(output)
    there = pathlib.Path(output.partition(';')[0])
    path = directory() / 'keystone.conf'
    path.write_text(
        _CONFIGURATION.format(state_path=directory() / 'keystone').replace(
            'port = 0', f'port = {port}'
        )
        + (there / 'valence.conf').read_text()
    )
    _start('valence', '--config-file', str(path))
    return there / 'clouds.yaml'


def compose_without_valence() -> str:
    """Compose a node without Valence; return its path on the pod manager."""
    token = base64.b64encode(f'admin:{PASSWORD}'.encode()).decode()
    request = urllib.request.Request(
        f'{simulator()}/redfish/v1/Nodes/Actions/Allocate',
        data=b'{"Name": "by hand"}',
        headers={
            'Authorization': f'Basic {token}',
            'Content-Type': 'application/json',
        },
    )
    with urllib.request.urlopen(request) as answer:
        return urllib.parse.urlsplit(answer.headers['Location']).path


def openstack(
    arguments: tuple[str, ...], stdin: str, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the ``openstack`` command in a separate process.

    It is a fork of this process, which has imported the modules of the command
    already: the import would take most of the time.
    """
    importlib.import_module('openstackclient.shell')
    with (
        tempfile.TemporaryFile('w+', dir=directory()) as given,
        tempfile.TemporaryFile('w+', dir=directory()) as out,
        tempfile.TemporaryFile('w+', dir=directory()) as err,
    ):
        given.write(stdin)
        given.seek(0)
        child = os.fork()
        if child == 0:
            for number, stream in enumerate((given, out, err)):
                os.dup2(stream.fileno(), number)
            os.environ.clear()
            os.environ.update(environment)
            _shell(arguments)
        status = _wait(child, seconds=300)
        for stream in (out, err):
            stream.seek(0)
        return subprocess.CompletedProcess(
            arguments, status, out.read(), err.read()
        )


def _wait(child: int, seconds: float) -> int:
    """Wait for a child process with a timeout; return its exit status."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _shell(arguments: tuple[str, ...]) -> NoReturn:
    from openstackclient import shell

    status: int | str | None = 70
    try:
        sys.stdin = os.fdopen(0)
        sys.stdout = os.fdopen(1, 'w')
        sys.stderr = os.fdopen(2, 'w')
        status = shell.main([*arguments])
    except SystemExit as exc:
        status = exc.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 1)


def _start(name: str, *arguments: str) -> str:
    """Start a command; return the URL on which it listens."""
    return _run(name, [str(command(name)), *arguments]).split()[-1]


def _run(name: str, arguments: list[str]) -> str:
    """Start a process; return its output up to its URL.

    If it exits with status 0 before, return its whole output.
    """
    number = len(list(directory().glob('*.log')))
    log = directory() / f'{name}-{number}.log'
    with log.open('w') as stream:
        process = subprocess.Popen(
            arguments,
            # Some processes end at the end of their input, so they end with
            # this one in any case.
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    atexit.register(_stop, process)
    end = time.monotonic() + 300
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r'[^\n]*listen\S* on http://\S+', log.read_text())
        if found:
            return found.group()
        time.sleep(0.05)
    if process.poll() == 0:
        return log.read_text()
    raise RuntimeError(f'{name} did not start: {log.read_text()}')


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
