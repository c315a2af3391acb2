# SPDX-License-Identifier: Apache-2.0
"""Mock-ups of other people's services, served by other people's server."""

import os
import pathlib
import socket
import sys
import time

import fixtures

from valence.tests.fixtures import processes

_TOP = pathlib.Path(__file__).parents[3]


def directory():
    """Where the mock-ups lie: $VALENCE_TEST_MOCKUPS, or beside the tree."""
    told = os.environ.get('VALENCE_TEST_MOCKUPS')
    return pathlib.Path(told) if told else _TOP.parent / 'shared' / 'data'


def missing(name):
    """Why a mock-up cannot be served; None if it can."""
    path = directory() / name
    if not (path / 'index.json').exists():
        return f'there is no mock-up {path}: set VALENCE_TEST_MOCKUPS'
    if not (pathlib.Path(sys.executable).parent / 'sushy-static').exists():
        return 'sushy-static is not installed: it comes with sushy-tools'
    return None


class Mockup(fixtures.Fixture):
    """A mock-up served by sushy-tools, to which any query string is a 404."""

    def __init__(self, name):
        self._path = directory() / name

    def _setUp(self):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        self.url = f'http://127.0.0.1:{port}'
        self.useFixture(
            processes.Process(
                'sushy-static',
                *('-i', '127.0.0.1', '-p', port, '-m', self._path),
            )
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
