# SPDX-License-Identifier: Apache-2.0
"""The endpoints that the contract is tried on."""

import contextlib
import dataclasses

import fixtures

from valence.podmanagers import base
from valence.tests.fixtures import simulator


class Endpoint(fixtures.Fixture):
    """A pod manager to try a driver on.

    ``connection`` is how to reach it.
    """

    connection: base.Connection
    # Whether faults can be ordered.
    faulty = False

    def stranger(self):
        """The connection with a password that is wrong; None: any will do."""
        if self.connection.username is None:
            return None
        return dataclasses.replace(self.connection, password='not this one')

    @contextlib.contextmanager
    def fault(self, name, value=None, method=None, count=None):
        """Have a fault strike requests, those of the login excepted."""
        raise NotImplementedError
        yield

    def recover(self):
        """Bring it back to where it was, as far as it can be."""


class Remote(Endpoint):
    """An endpoint that is there."""

    def __init__(self, url, username=None, password=None, **more):
        self.connection = base.Connection(url, username, password, **more)


class Simulated(Endpoint):
    """A simulator of Valence's own."""

    faulty = True

    def __init__(self, personality, *arguments, systems=4):
        self._arguments = ('--personality', personality, *arguments)
        self._systems = systems

    def _setUp(self):
        self.simulator = self.useFixture(
            simulator.Simulator(*self._arguments, systems=self._systems)
        )
        self.connection = base.Connection(
            self.simulator.url, simulator.USERNAME, simulator.PASSWORD
        )

    @contextlib.contextmanager
    def fault(self, name, value=None, method=None, count=None):
        number = self.simulator.order(
            r'/(?!.*Sessions)', name, value, method=method, count=count
        )
        try:
            yield lambda: self.simulator.struck(number)
        finally:
            self.simulator.heal()

    def recover(self):
        self.simulator.heal()
