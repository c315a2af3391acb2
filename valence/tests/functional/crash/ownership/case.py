# SPDX-License-Identifier: Apache-2.0
"""A conductor that runs step by step, and is killed at chosen points."""

import itertools
import random
import sqlite3
import threading
import uuid

import fixtures as common_fixtures
import sqlalchemy as sa
from oslo_config import cfg

from valence.conductor import queue
from valence.conductor import states
from valence.conductor.engine.run import LeaseExpired
from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.podmanagers.wire import transport
from valence.tests import base
from valence.tests import fixtures
from valence.tests.functional.crash.ownership import owners
from valence.tests.functional.crash.ownership import pods

# At a second each, what is sent once may be waited for until it times out.
_ENOUGH = 5000
# The seconds that pass at least when nothing is due: what is polled more often
# makes no other request.
_PAUSE = 1.0
# What may go on; whose turn it is does not matter here.
_DUE = (
    sa.select(*(getattr(models.Operation, name) for name in queue.COLUMNS))
    .where(
        models.Operation.state.in_(states.OPEN),
        models.Operation.claim.is_(None),
        sa.or_(
            models.Operation.run_after.is_(None),
            models.Operation.run_after <= sa.bindparam('now'),
        ),
    )
    .order_by(models.Operation.created_at, models.Operation.uuid)
)
_CLAIMS = """
SELECT 'an allocation without a node', a.resource_uuid FROM allocations a
  LEFT JOIN nodes n ON n.uuid = a.node_uuid
  WHERE a.node_uuid IS NOT NULL AND n.uuid IS NULL
UNION ALL
SELECT 'a system that says otherwise', s.uuid FROM systems s
  LEFT JOIN allocations a ON a.resource_uuid = s.uuid
  WHERE s.node_uuid IS NOT a.node_uuid
UNION ALL
SELECT 'a device that says otherwise', d.uuid FROM devices d
  LEFT JOIN allocations a ON a.resource_uuid = d.uuid
  WHERE d.node_uuid IS NOT a.node_uuid
UNION ALL
SELECT 'devices allocated, not charged', n.uuid FROM nodes n
  WHERE n.provision_state = 'active' AND n.charged_devices < (
    SELECT count(*) FROM devices d WHERE d.node_uuid = n.uuid)
  AND n.drift IS NULL
UNION ALL
SELECT 'devices charged, not allocated', n.uuid FROM nodes n
  WHERE n.provision_state = 'active' AND n.charged_devices > (
    SELECT count(*) FROM devices d WHERE d.node_uuid = n.uuid)
  AND n.drift IS NULL
"""


class Death(BaseException):
    """The conductor is killed."""


class _Killer:
    """Kills at a changing request: before it is sent, or when it is done."""

    def __init__(self):
        self._left = None
        self._before = True

    def arm(self, at):
        """Kill at some request.

        :param at: how many requests go well, and whether the next one is not
            sent; None: kill none.
        """
        self._left, self._before = at or (None, True)

    def before(self):
        """Somebody is about to send a changing request."""
        if self._left == 0 and self._before:
            self.arm(None)
            raise Death

    def after(self):
        """A changing request was sent."""
        if self._left == 0:
            self.arm(None)
            raise Death
        if self._left is not None:
            self._left -= 1

    def send(self, adapter, request, **kwargs):
        """Stands for the adapter's method."""
        changing = request.method != 'GET'
        if changing and threading.current_thread() is threading.main_thread():
            self.before()
            response = _SEND(adapter, request, **kwargs)
            self.after()
            return response
        return _SEND(adapter, request, **kwargs)


_SEND = transport.Adapter.send


class _Conductor(fixtures.Conductor):
    """Forgets its former lives, of which there are many."""

    drivers = None

    def start(self):
        if self.drivers is not None:
            self.drivers.close()
        super().start()
        self._cleanups = self._first
        self._detail_sources = []

    def _setUp(self):
        self._first = self._cleanups
        super()._setUp()


class OwnershipCase(base.ConductorTestCase):
    """Three pods and one conductor; ``begin`` starts afresh.

    :cvar simulated: the options of both simulators.
    """

    simulated: dict = {}
    options = {
        'fake__systems': 3,
        'fake__devices': 2,
        'fake__compose_seconds': 2,
        'conductor__attempts': 3,
        'conductor__sync_interval': 86400,
        'redfish__settle_timeout': 3,
    }

    def setUp(self):
        super().setUp()
        self._random = random.Random(0)
        self.useFixture(
            common_fixtures.MonkeyPatch('uuid.uuid4', self._new_uuid)
        )
        self.killer = _Killer()
        self.patch(
            transport.Adapter,
            'send',
            lambda *args, **kwargs: self.killer.send(*args, **kwargs),
        )
        self.pods = pods.started(
            self, self._before, self._after, **self.simulated
        )
        for pod in self.pods:
            self.register_pod(pod)
        self.look()
        self.conductor.settle()
        self._dumps = []
        self._origin = self.dump()
        self.addCleanup(self._dumps.pop().close)
        self.addCleanup(self._forget_dumps)
        self._origin_time = self.clock.now(), self.clock.monotonic()

    def _before(self):
        self.killer.before()

    def _after(self):
        self.killer.after()

    def _new_uuid(self):
        return uuid.UUID(int=self._random.getrandbits(128), version=4)

    def begin(self):
        """Be as at the start of the test."""
        # Other UUIDs than those that are in the database already.
        self._random.seed(1)
        self.killer.arm(None)
        self.clock._now, self.clock._monotonic = self._origin_time
        for pod in self.pods:
            pod.reset()
        self.owners = owners.Owners(self.pods)
        self._forget_dumps()
        self.restore(self._origin)

    def register_pod(self, pod):
        """Register the pod manager of a pod, unless it is."""
        self.client.request(
            'POST',
            '/v1/pod_managers',
            {
                'name': pod.name,
                'url': pod.url,
                'driver': pod.driver,
                'username': 'operator',
                'password': 'secret',
                'auth_type': 'basic',
            },
        )

    # The database

    def dump(self):
        """A copy of the database."""
        path = self.database.connection.removeprefix('sqlite:///')
        copy = sqlite3.connect(':memory:')
        with sqlite3.connect(path) as source:
            source.backup(copy)
        source.close()
        self._dumps.append(copy)
        return copy

    def _forget_dumps(self):
        while self._dumps:
            self._dumps.pop().close()

    def restore(self, dump):
        """Put a copy in place of the database."""
        engine.get_engine().dispose()
        with engine.reserved(), engine.connect() as connection:
            connection.engine.dispose()
        path = self.database.connection.removeprefix('sqlite:///')
        with sqlite3.connect(path) as target:
            dump.backup(target)
        target.close()
        self.run = None
        self.conductor.die()

    def rows(self, model, **where):
        """Rows of a table, in the same order each time."""
        with db.reader() as tx:
            return tx.list(model, order=[model.created_at], **where).all()

    # The conductor

    def look(self):
        """Probe the pod managers."""
        self.conductor.look()
        if hasattr(self, 'owners'):
            self.owners.observe()

    def step(self, choice=0, at=None):
        """Take an operation one step further.

        :param choice: the number of the operation, if none is in hand.
        :param at: where the conductor dies; see ``_Killer``.
        :returns: whether anything was to do.
        """
        if self.run is None:
            self.run = self._claim(choice)
        if self.run is None:
            return False
        operation, node = self.run.operation, self._node(self.run)
        self._keep_lease()
        self.killer.arm(at)
        died = False
        try:
            self.conductor.step(self.run, resuming=False)
        except (Death, LeaseExpired):
            died = True
        self.killer.arm(None)
        self.owners.observe(operation, node)
        if died:
            self.die()
        elif not self._is_claimed():
            self.run = None
        return True

    def _claim(self, choice):
        """Claim any operation that may go on, if there is one."""
        with engine.connect() as connection:
            due = connection.execute(_DUE, {'now': db.now()}).all()
        at = choice % max(1, len(due))
        for candidate in (*due[at:], *due[:at]):
            run = self.conductor.take(candidate)
            if run is not None:
                return run
        return None

    @staticmethod
    def _node(run):
        if run.operation.target_type != 'findings':
            return run.target
        finding = db.get(models.Finding, uuid=run.target)
        return finding and finding.node_uuid

    def _is_claimed(self):
        row = db.get(models.Operation, uuid=self.run.operation.uuid)
        return (
            row is not None
            and row.claim is not None
            and row.claim == self.run.operation.claim
        )

    def die(self):
        """The conductor is killed, and another takes over."""
        self.run = None
        self.conductor.die()

    def pass_time(self, seconds):
        """Let time pass, without losing the lease."""
        limit = cfg.CONF.conductor.heartbeat_timeout / 4
        while seconds > 0:
            self.clock.advance(min(seconds, limit))
            self._keep_lease()
            seconds -= limit

    def _keep_lease(self):
        lease = self.conductor.lease
        if lease.left() < cfg.CONF.conductor.heartbeat_timeout / 2:
            lease.renew()

    def wait(self):
        """Let time pass until something is due; whether anything will be."""
        waiting = [
            row.run_after
            for row in self.rows(models.Operation, state=states.OPEN)
            if row.run_after
        ]
        if waiting:
            left = (min(waiting) - self.clock.now()).total_seconds()
            self.pass_time(max(_PAUSE, left + 0.001))
        return bool(waiting)

    def settle(self):
        """Work until nothing is open.

        :raises AssertionError: when something comes to no end.
        """
        for count in itertools.count():
            if not self.step() and not self.wait():
                break
            if count > _ENOUGH:
                raise AssertionError(f'it comes to no end: {self.open()}')
        self.assertEqual([], self.open())

    def open(self):
        """The operations that have not ended."""
        return self.rows(models.Operation, state=states.OPEN)

    # What has to be true

    def check(self):
        """Check that claims and charges agree with each other."""
        with engine.connect() as connection:
            found = connection.execute(sa.text(_CLAIMS)).all()
        self.assertEqual([], found)
