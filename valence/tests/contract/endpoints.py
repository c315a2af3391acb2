# SPDX-License-Identifier: Apache-2.0
"""The endpoints that the contract is tested on."""

import contextlib
import dataclasses

import fixtures

from valence.podmanagers import base
from valence.tests.fixtures import simulator

# The faults that only the proxy of the contract can inject.
PROXY_ONLY = ('watch', 'ignore', 'deny', 'failing-task', 'following')


class Endpoint(fixtures.Fixture):
    """A pod manager to test a driver on.

    ``connection`` is how to reach it.
    """

    connection: base.Connection
    # Whether faults can be injected.
    faulty = False
    is_proxy = False

    def unauthorized(self):
        """The connection with a wrong password; None: all are accepted."""
        if self.connection.username is None:
            return None
        return dataclasses.replace(self.connection, password='not this one')

    @contextlib.contextmanager
    def fault(self, name, value=None, method=None, count=None, path=None):
        """Inject a fault into requests, except those of the login.

        :param path: a regular expression for the start of their paths.
        """
        raise NotImplementedError
        yield

    def recover(self):
        """Remove all faults."""


class Remote(Endpoint):
    """An endpoint that exists already."""

    def __init__(self, url, username=None, password=None, **more):
        self.connection = base.Connection(url, username, password, **more)


class Simulated(Endpoint):
    """A simulator of Valence."""

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
    def fault(self, name, value=None, method=None, count=None, path=None):
        number = self.simulator.order(
            path or r'/(?!.*Sessions)',
            *(name, value),
            method=method,
            count=count,
        )
        try:
            yield lambda: self.simulator.struck(number)
        finally:
            self.simulator.heal()

    def recover(self):
        self.simulator.heal()
