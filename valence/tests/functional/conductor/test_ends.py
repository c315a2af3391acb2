# SPDX-License-Identifier: Apache-2.0
"""Every operation ends, whatever its steps raise, and however often.

The table is: all actions, all their steps, all methods of a step, each with
another kind of exception; for one step, all exceptions.
"""

import itertools

from oslo_db import exception as db_exception

from valence.common import exception
from valence.conductor import actions
from valence.conductor import queue
from valence.conductor import requests
from valence.conductor import states
from valence.conductor.engine import model
from valence.conductor.engine import worker
from valence.conductor.inventory import findings
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.progress import InProgress
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import strict_nova

_ALWAYS = (
    InProgress(1, 'it hangs'),
    exception.PodManagerUnavailable(reason='away'),
    exception.LostRace('taken'),
    exception.DatabaseUnavailable(reason='down'),
    exception.ResourceGone(uri='/gone'),
    db_exception.DBDuplicateEntry(),
    db_exception.DBError(),
    model.TryNext({'system': 'a', 'reason': 'full'}),
    ZeroDivisionError(),
    StopIteration(),
    SystemExit(),
)
# One of each kind that the engine treats alike, for the whole table.
_KINDS = (_ALWAYS[0], _ALWAYS[1], _ALWAYS[2], _ALWAYS[8], _ALWAYS[-1])
_FORWARD = ('do', 'record')
_BACKWARD = ('undo', 'unrecord')
_HOW = {'manage': True}


class _Stopping:
    """Stands for the event that ends a conductor: waiting takes no time."""

    def __init__(self, conductor):
        self._conductor = conductor

    def is_set(self):
        return False

    def wait(self, seconds):
        self._conductor.clock.advance(seconds)
        self._conductor.lease.renew()


class EndsCase(base.ConductorTestCase):
    options = {
        **base.ConductorTestCase.options,
        'conductor__attempts': 2,
        'conductor__compose_timeout': 3,
        'conductor__long_timeout': 3,
        'provisioning__timeout': 3,
    }

    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        self.ironic = self.useFixture(fixtures.Provisioner())
        nova = self.useFixture(strict_nova.StrictNova())
        self.conf.set(**nova.options())
        self.stopping = _Stopping(self.conductor)

    def work(self):
        """Do what is due as a worker does; whether there was anything."""
        run = self.conductor.claim()
        if run is None:
            return False
        worker.persist(run, self.stopping)
        # As at the next heartbeat.
        lease = self.conductor.lease.uuid
        queue.release_claims(lease, queue.claims(lease))
        return True

    def end(self, uuid):
        """Work until an operation has ended; returns it."""
        for _ in range(400):
            row = db.get(models.Operation, uuid=uuid)
            if row.state not in states.OPEN:
                return row
            if not self.work():
                self.conductor.wait()
        self.fail(f'{row} never ends')

    def settle(self):
        for _ in range(400):
            if not self.conductor._open():
                return
            if not self.work():
                self.conductor.wait()
        self.fail(f'{self.conductor._open()} never ends')

    def spoil(self, cls, name, error):
        """Have a method always raise; returns what mends it."""

        def function(*args):
            raise error.with_traceback(None)

        kept = vars(cls).get(name)
        setattr(cls, name, function)

        def mend():
            if kept is None:
                delattr(cls, name)
            else:
                setattr(cls, name, kept)

        self.addCleanup(lambda: vars(cls).get(name) is function and mend())
        return mend

    def findings(self, kind='not_undone'):
        return self.client.all(f'/v1/findings?kind={kind}')


class TestTable(EndsCase):
    def begin_compose(self):
        return self.begin('POST', '/v1/nodes', {'name': 'n'})

    def act(self, name, **params):
        return self.begin('POST', '/v1/nodes/n/action', {name: params})

    def begin_release(self):
        self.compose('n')
        return self.begin('DELETE', '/v1/nodes/n')

    def begin_adopt(self):
        self.compose('n')
        ((uri, made),) = self.fake.nodes.items()
        self.done('DELETE', '/v1/nodes/n')
        self.fake.nodes[uri] = made
        body = {'name': 'n', 'pod_manager': 'pod', 'resource_uri': uri}
        return self.begin('POST', '/v1/nodes/manage', body)

    def begin_reset(self):
        self.compose('n')
        return self.act('Reset', Type='On')

    def begin_boot(self):
        self.compose('n')
        return self.act('Boot', Enabled='Once', Target='Pxe')

    def begin_attach(self):
        self.compose('n')
        device = self.client.all('/v1/devices')[0]['uuid']
        return self.act('attach', resource_id=device)

    def begin_detach(self):
        self.end(self.begin_attach())
        (device,) = self.client.get('/v1/nodes/n')['devices']
        return self.act('detach', resource_id=device['uuid'])

    def begin_register(self):
        self.compose('n')
        return self.begin('POST', '/v1/nodes/n/register', _HOW)

    def begin_unregister(self):
        self.end(self.begin_register())
        return self.begin('POST', '/v1/nodes/n/unregister', {})

    def begin_publish(self):
        # The flavor may be there from the time before.
        body = {'name': 'f', 'properties': {}}
        self.client.request('POST', '/v1/flavors', body)
        return self.begin('POST', '/v1/flavors/f/publish', {})

    def begin_unpublish(self):
        self.end(self.begin_publish())
        return self.begin('POST', '/v1/flavors/f/unpublish')

    def begin_sync(self):
        return self.begin('POST', '/v1/pod_managers/pod/sync')

    def begin_delete(self):
        self.compose('n')
        return self.begin('DELETE', '/v1/pod_managers/pod?cascade=true')

    def begin_repair(self):
        return self.request('repair', 'findings', 'no such finding')

    def begin_unsubscribe(self):
        names = ('url', 'username', 'password', 'auth_type', 'insecure')
        podm = db.get(models.PodManager, name='pod')
        connection = {name: getattr(podm, name) for name in names}
        return self.request(
            'unsubscribe',
            'pod_managers',
            podm.uuid,
            params={
                'driver': 'fake',
                'subscription': '/s/1',
                'connection': {**connection, 'ca_cert': None},
            },
        )

    @staticmethod
    @db.transaction
    def request(tx, action, kind, uuid, **more):
        podm = tx.get(models.PodManager, name='pod')
        return requests.request(
            tx, None, action, kind, uuid, podm_uuid=podm.uuid, **more
        )

    def clear(self):
        """Forget everything but the pod manager."""
        self.settle()
        with db.reader() as tx:
            nodes = tx.list(models.Node).all()
        for node in nodes:
            self.forget(node.uuid)
        self.fake.nodes.clear()
        self.ironic.nodes.clear()
        if db.get(models.PodManager, name='pod') is None:
            self.register('pod')
        db.update(models.PodManager, {'deleting_at': None}, name='pod')
        self.conductor.look()
        self.settle()
        self.end(self.begin_sync())

    @staticmethod
    @db.transaction
    def forget(tx, uuid):
        allocations.delete(tx, node_uuid=uuid)
        tx.delete(models.Node, uuid=uuid)

    def plan(self, action):
        params = {'register': _HOW} if action == 'register' else {}
        return actions.BY_NAME[action].plan(params)

    def assertEnds(self, action, spoiled):
        """An operation ends, and holds nothing afterwards."""
        uuid = getattr(self, f'begin_{action}')()
        mends = [self.spoil(*one) for one in spoiled]
        row = self.end(uuid)
        for mend in reversed(mends):
            mend()
        where = f'{action} {spoiled}'
        self.assertIn(row.state, ('failed', 'succeeded'), where)
        self.assertIsNone(row.claim, where)
        self.assertIsNone(row.lock_key, where)
        if row.state == 'failed':
            self.assertTrue(row.error, where)
            self.assertTrue(row.user_error, where)
        node = db.get(models.Node, name='n')
        if action != 'delete' and node is not None:
            # Nothing looks as if it went on.
            self.assertIn(node.provision_state, ('active', 'error'), where)
        self.clear()

    def check(self, action):
        """Have each method of each step always fail, in some way."""
        steps = self.plan(action)
        kinds = itertools.cycle(_KINDS)
        last = (steps[-1], 'record', ZeroDivisionError())
        for step in steps:
            for name in _FORWARD:
                self.assertEnds(action, [(step, name, next(kinds))])
            for name in _BACKWARD:
                self.assertEnds(action, [last, (step, name, next(kinds))])
        kind = type(actions.BY_NAME[action])
        self.assertEnds(action, [(kind, 'succeeded', next(kinds))])
        first = (steps[0], 'do', _ALWAYS[4])
        self.assertEnds(action, [first, (kind, 'failed', next(kinds))])


def _check(name):
    return lambda self: self.check(name)


for _name in actions.BY_NAME:
    setattr(TestTable, f'test_{_name}', _check(_name))


class TestKinds(EndsCase):
    """Every kind of exception, at every method of one step."""

    def test_always(self):
        allocate = actions.BY_NAME['compose'].steps[1]
        for number, error in enumerate(_ALWAYS):
            for name in ('do', 'record', 'undo', 'unrecord'):
                mends = [self.spoil(allocate, name, error)]
                if name in _BACKWARD:
                    mends.append(self.spoil(allocate, 'record', error))
                path = f'n{number}-{name}'
                uuid = self.begin('POST', '/v1/nodes', {'name': path})
                self.assertEqual('failed', self.end(uuid).state)
                for mend in mends:
                    mend()
                node = self.client.get(f'/v1/nodes/{path}')
                self.assertEqual('error', node['provision_state'])
                self.assertTrue(node['last_error'])
                self.end(self.begin('DELETE', f'/v1/nodes/{path}'))
                self.assertEqual({}, self.fake.nodes, path)

    def test_a_step_that_is_not_known_any_more(self):
        uuid = self.begin('POST', '/v1/nodes', {'name': 'n'})
        self.conductor.reach(uuid, 1)
        db.update(models.OperationStep, {'name': 'x'}, operation_uuid=uuid)
        self.conductor.die()
        self.assertEqual('failed', self.end(uuid).state)

    def test_a_plan_that_cannot_be_made(self):
        kind = type(actions.BY_NAME['compose'])
        mend = self.spoil(kind, 'plan', KeyError('register'))
        uuid = self.begin('POST', '/v1/nodes', {'name': 'n'})
        row = self.end(uuid)
        mend()
        self.assertEqual('failed', row.state)
        self.assertIn('KeyError', row.error)
        self.assertEqual(
            'error', self.client.get('/v1/nodes/n')['provision_state']
        )


class TestNotUndone(EndsCase):
    """What cannot be undone is reported, and found."""

    def spoiled(self):
        steps = actions.BY_NAME['compose'].steps
        self.mends = [
            self.spoil(steps[2], 'do', ZeroDivisionError()),
            self.spoil(steps[1], 'undo', _ALWAYS[1]),
        ]
        return self.end(self.begin('POST', '/v1/nodes', {'name': 'n'}))

    def test_incomplete_undo_is_reported(self):
        row = self.spoiled()
        self.assertIn('not undone: claim_parts, allocate', row.error)
        self.assertIn('away', row.error)
        self.assertNotIn('away', row.user_error)
        self.assertIn('not undone: claim_parts, allocate', row.user_error)
        (finding,) = self.findings()
        node = self.client.get('/v1/nodes/n')
        self.assertEqual(node['uuid'], finding['node_uuid'])
        self.assertEqual(node['resource_uri'], finding['resource_uri'])
        self.assertIn(finding['resource_uri'], self.fake.nodes)
        self.assertEqual('open', finding['state'])
        self.assertIn(row.uuid, finding['reason'])
        self.assertEqual(
            ['claim_parts', 'allocate'], finding['details']['steps']
        )
        self.assertEqual(
            [one['resource_uri'] for one in node['systems']],
            finding['details']['parts'],
        )

    def test_until_the_node_is_gone(self):
        self.spoiled()
        for mend in self.mends:
            mend()
        self.end(self.begin('POST', '/v1/pod_managers/pod/sync'))
        self.assertEqual(['open'], [one['state'] for one in self.findings()])
        self.end(self.begin('DELETE', '/v1/nodes/n'))
        self.assertEqual(
            ['resolved'], [one['state'] for one in self.findings()]
        )

    def test_a_finding_that_cannot_be_stored(self):
        self.patch(findings, 'open_finding', self.refuse)
        row = self.spoiled()
        self.assertEqual('failed', row.state)
        node = self.client.get('/v1/nodes/n')
        self.assertEqual('error', node['provision_state'])
        self.assertEqual([], self.findings())

    @staticmethod
    def refuse(*args):
        raise exception.ValueRejected

    def test_other_operations_continue(self):
        row = self.spoiled()
        self.assertIsNone(row.claim)
        for mend in self.mends:
            mend()
        node = self.compose('m')
        self.assertEqual('active', node['provision_state'])
