# SPDX-License-Identifier: Apache-2.0
"""Published mock-ups, served by sushy-tools."""

import os
import pathlib
import socket
import sys
import time

import fixtures

from valence.tests.fixtures import processes

_TOP = pathlib.Path(__file__).parents[3]


def directory():
    """Where the mock-ups are: $VALENCE_TEST_MOCKUPS, or beside the tree."""
    path = os.environ.get('VALENCE_TEST_MOCKUPS')
    return pathlib.Path(path) if path else _TOP.parent / 'shared' / 'data'


def missing(name):
    """Why a mock-up cannot be served; None if it can."""
    path = directory() / name
    if not (path / 'index.json').exists():
        return f'there is no mock-up {path}: set VALENCE_TEST_MOCKUPS'
    return tool('sushy-static')


def tool(name):
    """Why a server of sushy-tools is not available; None if it is."""
    if (pathlib.Path(sys.executable).parent / name).exists():
        return None
    return f'{name} is not installed: it comes with sushy-tools'


class Served(fixtures.Fixture):
    """A server of sushy-tools, at ``url`` once it listens."""

    def __init__(self, command, *arguments):
        self._command = command
        self._arguments = arguments

    def _setUp(self):
        port = processes.free_port()
        self.url = f'http://127.0.0.1:{port}'
        self.useFixture(
            processes.Process(
                self._command,
                *('-i', '127.0.0.1', '-p', port, *self._arguments),
            )
        )
        deadline = time.monotonic() + processes.PATIENCE
        while True:
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


class Mockup(Served):
    """A mock-up, to which any query string is a 404."""

    def __init__(self, name):
        super().__init__('sushy-static', '-m', directory() / name)


class Emulator(Served):
    """A BMC that keeps its state in memory."""

    def __init__(self):
        super().__init__('sushy-emulator', '--fake')
