# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to the nodes of a pool, it comes back to what it keeps."""

from hypothesis import stateful
from hypothesis import strategies as st

from valence.common import exception
from valence.conductor.pools import controller
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.functional.database import sequences

_LEAST, _MOST, _NODES, _SYSTEMS = 2, 3, 5, 6
_SEQUENCES = 2_000 if base.FULL else 6
_STEPS = 14
_SMALL = st.integers(0, 11)
_METHODS = ('uses', 'state', 'enroll', 'create_ports', 'poll_goal', 'remove')


class Machine(sequences.Machine):
    """Instances that come and go, failures, time, and conductors."""

    def __init__(self):
        super().__init__()
        self._begun = []
        self.ironic = self.case.ironic
        # The nodes that have an instance now.
        self._instances = set()
        body = {
            **{'name': 'web', 'flavor': 'small', 'max_nodes': _NODES},
            **{'min_ready': _LEAST, 'max_ready': _MOST, 'idle_seconds': 60},
        }
        self.case.client.post('/v1/pools', body)

    def _some(self, number, state):
        """A node in a state of Ironic."""
        found = sorted(u for u, s in self.ironic.nodes.items() if s == state)
        return found[number % len(found)] if found else None

    @stateful.rule(seconds=st.sampled_from((1, 16, 61, 700)))
    def look(self, seconds):
        self.case.clock.advance(seconds)
        self.case.conductor.lease.renew()
        controller.sweep()

    @stateful.rule(number=_SMALL)
    def land(self, number):
        """An instance gets a node that is available, at any time."""
        uuid = self._some(number, 'available')
        if uuid is not None:
            self.ironic.nodes[uuid] = 'active'
            self._instances.add(uuid)

    @stateful.rule(number=_SMALL, state=st.sampled_from(('cleaning', '')))
    def end_instance(self, number, state):
        uuid = self._some(number, 'active')
        if uuid is not None:
            self._instances.discard(uuid)
            self.ironic.nodes[uuid] = state or 'available'

    @stateful.rule(number=_SMALL)
    def clean(self, number):
        uuid = self._some(number, 'cleaning')
        if uuid is not None:
            self.ironic.nodes[uuid] = 'available'

    @stateful.rule(method=st.sampled_from(_METHODS), count=st.integers(1, 3))
    def fail(self, method, count):
        error = exception.ProvisioningUnavailable(reason='away')
        self.ironic.order(method, *[error] * count)

    @stateful.rule(least=st.sampled_from((0, 1, _LEAST)))
    def change(self, least):
        self.case.client.patch('/v1/pools/web', {'min_ready': least})

    @stateful.rule(number=_SMALL)
    def cancel(self, number):
        rows = self._rows(models.Operation, state=('pending', 'running'))
        if rows:
            uuid = rows[number % len(rows)].uuid
            self.case.client.request('DELETE', f'/v1/operations/{uuid}')

    @stateful.rule(steps=st.integers(1, 6), dies=st.booleans())
    def work(self, steps, dies):
        """Go on with an operation; the conductor may be killed then."""
        run = self.case.conductor.claim()
        if run is not None:
            self.case.conductor.step(run, steps)
            self._begun.append(run)
        if dies:
            self._begun.clear()
            self.case.conductor.die()

    @stateful.rule(number=_SMALL)
    def kill_in_a_turn(self, number):
        """A conductor is killed after it took a turn, or read everything."""
        pool = db.get(models.Pool, name='web')
        if number % 2 and pool is not None:
            db.update(models.Pool, {'due_at': db.now()}, uuid=pool.uuid)
            self.case.clock.advance(0.001)
            controller._take(pool.uuid)

    @stateful.rule()
    def settle(self):
        while self._begun:
            self.case.conductor.run(self._begun.pop())
        self.case.conductor.settle()

    @stateful.invariant()
    def never_too_many(self):
        pool = db.get(models.Pool, name='web')
        assert len(self._rows(models.Node, pool_uuid=pool.uuid)) <= _NODES

    @stateful.invariant()
    def no_instance_is_killed(self):
        for uuid in self._instances:
            assert self.ironic.nodes.get(uuid) == 'active', uuid
            node = db.get(models.Node, uuid=uuid)
            assert node is not None and node.managed_by == 'ironic', node
        made = {row.uuid for row in self._rows(models.Node)}
        assert self.ironic.nodes.keys() <= made

    def _recover(self):
        """Nothing fails any more, and all cleaning ends."""
        self.ironic._errors.clear()
        self.case.client.patch('/v1/pools/web', {'min_ready': _LEAST})
        for _ in range(24):
            for uuid, state in self.ironic.nodes.items():
                if state == 'cleaning':
                    self.ironic.nodes[uuid] = 'available'
            self.look(700)
            self.settle()
            pool = db.get(models.Pool, name='web')
            if pool.state == 'ok' and self._is_full(pool):
                return pool
        self.case.fail(f'{pool} {self.ironic.nodes}')

    def _is_full(self, pool):
        rows = self._rows(models.Node, pool_uuid=pool.uuid)
        ready = [*self.ironic.nodes.values()].count('available')
        kept = [row for row in rows if row.pool_state in ('used', 'stuck')]
        full = min(_LEAST, _NODES - len(kept))
        return full <= ready == pool.ready <= _MOST and not pool.coming

    def teardown(self):
        self._recover()
        self.case.client.post('/v1/pools/web/action', {'drain': {}})
        for uuid in self._instances:
            self.ironic.nodes[uuid] = 'available'
        for _ in range(3 * _NODES):
            self.look(16)
            self.settle()
        assert db.get(models.Pool, name='web').state == 'drained'
        self.case.client.delete('/v1/pools/web')
        for node in self._rows(models.Node):
            # Those that failed are left to operators.
            path = f'/v1/nodes/{node.uuid}?unregister=true'
            self.case.client.request('DELETE', path)
        self.settle()
        for row in self._rows(models.Condition):
            self.case.client.delete(f'/v1/conditions/{row.uuid}')
        self.case.assertFree()


class TestPoolSequences(sequences.SequencesTestCase):
    options = {'fake__systems': _SYSTEMS, 'fake__devices': 0}
    gone = (models.Node, models.Allocation, models.Pool)

    def assertFree(self):
        """Nothing is in Ironic either."""
        self.assertEqual({}, self.ironic.nodes)
        super().assertFree()

    def test_sequences(self):
        self.pod()
        self.ironic = self.useFixture(fixtures.Provisioner())
        self.client.post('/v1/flavors', {'name': 'small', 'properties': {}})
        self.run_sequences(Machine, _SEQUENCES, _STEPS)
