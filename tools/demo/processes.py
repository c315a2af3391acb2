# SPDX-License-Identifier: Apache-2.0
"""The processes of the demo: start them, wait for them, stop them."""

import ctypes
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

BIN = pathlib.Path(sys.executable).parent
TIMEOUT = 60  # seconds
PR_SET_PDEATHSIG = 1


class StepFailed(Exception):
    """A step of the demo did not have the expected result."""


class Process:
    """A child process that never outlives this one, even if it is killed."""

    running: list['Process'] = []

    def __init__(self, name: str, logs: pathlib.Path, *command: str) -> None:
        self.name = name
        self.log = logs / f'{name}.log'
        with self.log.open('ab') as log:
            self._offset = log.tell()
            self._popen = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for this process, which stops the others in order.
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
                env={**os.environ, 'PYTHONWARNINGS': 'ignore'},
            )
        self.pid = self._popen.pid
        Process.running.append(self)

    def alive(self) -> bool:
        """Return whether the process still runs."""
        return self._popen.poll() is None

    def wait_for_output(self, pattern: str) -> str:
        """Return the first group of a pattern, once it matches the output.

        :raises StepFailed: if that takes too long, or the process has ended.
        """

        def search() -> str | None:
            text = self.log.read_bytes()[self._offset :].decode()
            found = re.search(pattern, text)
            return found[1] if found else None

        return wait(f'{self.name} to start', search, self)

    def stop(self) -> int:
        """Stop the process and return its exit status."""
        if self.alive():
            self._popen.terminate()
        try:
            status = self._popen.wait(15)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            status = self._popen.wait()
        if self in Process.running:
            Process.running.remove(self)
        return status


def stop_all() -> dict[str, int]:
    """Stop all processes, last started first; return statuses by name."""
    return {
        process.name: process.stop() for process in reversed(Process.running)
    }


def ensure_running() -> None:
    """Check that no process has ended.

    :raises StepFailed: naming one that has.
    """
    for process in Process.running:
        if not process.alive():
            raise StepFailed(f'{process.name} has ended')


def _die_with(parent: int) -> Callable[[], None]:
    """Return a hook that has Linux kill the child when its parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)

    def hook() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have ended before the call.
        if os.getppid() != parent:
            os._exit(1)

    return hook


def wait(what: str, condition: Callable[[], Any], *processes: Process) -> Any:
    """Poll a condition until it is true, and return its value.

    :param what: what the condition waits for, for the error message.
    :param processes: those that have to be running for it to come true.
    :raises StepFailed: on timeout, or if one of the processes has ended.
    """
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        for process in processes:
            if not process.alive():
                raise StepFailed(f'{process.name} has ended')
        time.sleep(0.1)
    raise StepFailed(f'timed out after {TIMEOUT} seconds waiting for {what}')


def free_port(preferred: int) -> int:
    """Return the preferred TCP port, or another one if it is in use.

    :raises StepFailed: if no port is free.
    """
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(('127.0.0.1', port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise StepFailed('no TCP port is free')
