# SPDX-License-Identifier: Apache-2.0
"""What a hold keeps is reserved by the pod manager, where that can do so."""

from valence.common import exception
from valence.common.identity import Mark
from valence.conductor.reservations import worker
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.fake.pod import Reserved
from valence.podmanagers.progress import Deadline
from valence.tests.contract import endpoints
from valence.tests.functional.api import test_holds

_AWAY = exception.PodManagerUnavailable(reason='timed out')
_REFUSED = exception.NoMatch(reason='a stranger has it')


class ReservationCase(test_holds.HoldCase):
    options = {**test_holds.HoldCase.options, 'hold__max_seconds': 10**6}

    def hold(self, *args, **body):
        return super().hold(*args, **{'seconds': 10**6, **body})

    def setUp(self):
        super().setUp()
        self.reservations = worker.Reservations(self.conductor.drivers)

    def look(self, seconds=0.0):
        """Look at what is due after some time."""
        self.clock.advance(seconds)
        self.conductor.lease.renew()
        self.reservations.tick()

    def looks(self, count, seconds=1000.0):
        for _ in range(count):
            self.look(seconds)

    def rows(self):
        with db.reader() as tx:
            return tx.list(models.Reservation).all()

    def row(self):
        (row,) = self.rows()
        return row

    def reserved(self):
        """What the pod manager keeps, by the UUID of the node."""
        return {
            one.mark.node: sorted(one.resources)
            for one in self.fake.reservations.values()
        }

    def error(self):
        return self.show()['reservation_error']

    def assertFreed(self):
        self.assertEqual(({}, []), (self.reserved(), self.rows()))

    def assertNotedFor(self, calls, word):
        """After some requests no more is sent, which the hold says."""
        self.looks(10)
        self.assertEqual(calls, self.fake.calls['reserve'])
        self.assertIn(word, self.error())
        self.assertIsNone(self.row().due_at)
        self.assertEqual('active', self.show()['state'])


class TestReservations(ReservationCase):
    def test_reserve_and_use(self):
        requested = {'storage': [{'capacity_gib': 1, 'count': 2}]}
        hold = self.hold(properties=requested)
        self.look()
        (system,), (device,) = hold['systems'], hold['devices']
        found = [
            self.client.get(f'/v1/{kind}/{one["uuid"]}')['resource_uri']
            for kind, one in (('systems', system), ('devices', device))
        ]
        node_uuid = self.row().node_uuid
        self.assertEqual({node_uuid: sorted(found)}, self.reserved())
        self.assertIsNone(self.error())
        self.use()
        self.conductor.settle()
        node = self.client.get('/v1/nodes/node')
        self.assertEqual(
            (node_uuid, 'active', [system['uuid']]),
            (
                node['uuid'],
                node['provision_state'],
                [one['uuid'] for one in node['systems']],
            ),
        )
        self.look(1)
        self.assertFreed()

    def test_each_place(self):
        self.hold(count=3)
        self.look()
        self.assertEqual(3, len(self.reserved()))
        self.use()
        self.conductor.settle()
        self.client.delete('/v1/holds/keep')
        self.look(1)
        self.assertFreed()

    def test_what_ends_is_given_back(self):
        for end in (self.expire, lambda: self.client.delete('/v1/holds/keep')):
            self.hold(seconds=600)
            self.look()
            self.assertEqual(1, len(self.reserved()))
            end()
            self.look()
            self.assertFreed()

    def test_not_offered(self):
        self.fake.capabilities = frozenset(('compose', 'release'))
        self.conductor.look()
        self.clock.advance(100)
        self.conductor.monitor._probe_at.clear()
        self.conductor.look()
        self.hold()
        self.look()
        self.assertFreed()
        self.assertEqual(0, self.fake.calls['reserve'])

    def test_used_before_it_is_reserved(self):
        self.hold()
        self.use()
        self.look()
        self.conductor.settle()
        self.assertEqual(0, self.fake.calls['reserve'])
        self.assertFreed()

    def test_refused(self):
        self.fake.order('reserve', _REFUSED, count=None)
        self.hold()
        self.look()
        self.assertIn('a stranger has it', self.error())
        self.assertNotedFor(5, 'a stranger has it')
        self.fake.heal()
        self.use()
        self.conductor.settle()
        node = self.client.get('/v1/nodes/node')
        self.assertEqual('active', node['provision_state'])

    def test_refused_and_reserved_later(self):
        self.fake.order('reserve', _REFUSED)
        self.hold()
        self.look()
        self.assertIsNotNone(self.error())
        self.look(1000)
        self.assertIsNone(self.error())
        self.assertEqual(1, len(self.reserved()))

    def test_a_lost_answer(self):
        """It is looked for before it is requested again."""
        self.fake.order('reserve', _AWAY, after=True)
        self.hold()
        self.look()
        self.assertEqual('sending', self.row().state)
        self.look(100)
        self.assertEqual('reserved', self.row().state)
        self.assertEqual(1, self.fake.calls['reserve'])
        self.assertIsNone(self.error())

    def test_a_use_waits_for_the_answer(self):
        self.fake.order('reserve', _AWAY, after=True)
        self.hold()
        self.look()
        operation = self.use().json['operation_uuid']
        self.conductor.work()
        self.assertEqual(0, self.fake.calls['compose'])
        self.look(100)
        self.conductor.finish(operation)
        node = self.client.get('/v1/nodes/node')
        self.assertEqual('active', node['provision_state'])
        self.look(10)
        self.assertFreed()

    def test_no_answer_at_all(self):
        self.fake.order('reserve', _AWAY, count=None)
        self.hold()
        self.assertNotedFor(5, 'timed out')

    def test_lost_and_renewed(self):
        self.hold()
        self.looks(2)
        self.fake.reservations.clear()
        self.look(100)
        self.assertEqual(1, len(self.reserved()))
        self.assertIsNone(self.error())

    def test_lost_to_a_stranger(self):
        self.hold()
        self.looks(2)
        (mine,) = self.fake.reservations.values()
        stranger = Reserved(Mark('x', 'f' * 12), mine.resources)
        self.fake.reservations.clear()
        self.fake.reservations['/theirs'] = stranger
        self.look(100)
        self.assertIn('is not free', self.error())
        self.client.delete('/v1/holds/keep')
        self.looks(2)
        self.assertEqual({'/theirs': stranger}, self.fake.reservations)
        self.assertEqual([], self.rows())

    def test_reservations_that_do_not_last(self):
        self.hold()
        for _ in range(5):
            self.look(1000)
            self.fake.reservations.clear()
        self.assertNotedFor(5, 'does not show')

    def test_what_cannot_be_listed(self):
        self.hold()
        self.looks(2)
        self.fake.order('list_reservations', _AWAY, count=None)
        self.looks(2)
        self.assertEqual('reserved', self.row().state)
        self.assertEqual(1, self.fake.calls['reserve'])

    def test_what_cannot_be_deleted(self):
        self.hold()
        self.look()
        self.client.delete('/v1/holds/keep')
        self.fake.ignored.add('unreserve')
        self.look()
        self.assertEqual(1, len(self.rows()))
        self.fake.ignored.clear()
        self.look(1000)
        self.assertFreed()

    def test_deletions_have_an_end(self):
        self.hold()
        self.look()
        self.client.delete('/v1/holds/keep')
        self.fake.order('unreserve', _AWAY, count=None)
        self.looks(30)
        self.assertEqual([], self.rows())

    def test_the_inventory_shows_it(self):
        hold = self.hold()
        (system,) = hold['systems']
        self.look()
        self.conductor.follow()
        self.conductor.refresher.tick()
        self.assertEqual('used', self.state(system))
        self.client.delete('/v1/holds/keep')
        self.look()
        self.clock.advance(10)
        self.conductor.follow()
        self.conductor.refresher._paces.clear()
        self.conductor.refresher.tick()
        self.assertEqual('free', self.state(system))
        self.assertEqual({'total': 3, 'free': 3, 'held': 0}, self.systems())
        self.assertCounted()

    def state(self, system):
        return self.client.get(f'/v1/systems/{system["uuid"]}')['state']

    def test_pod_manager_is_deleted(self):
        self.hold()
        self.look()
        self.client.delete('/v1/pod_managers/pod?cascade=true')
        self.conductor.settle()
        self.assertEqual([], self.rows())


class ServiceCase(ReservationCase):
    """With a DMTF service that composes by manifests."""

    arguments = ()

    def setUp(self):
        # It is started while the clock still runs.
        at = self.useFixture(
            endpoints.Simulated(
                *('redfish', '--compose-by', 'manifest', '--no-tasks'),
                *self.arguments,
            )
        )
        super().setUp()
        self.simulator = at.simulator
        self.client.post(
            '/v1/pod_managers',
            {
                'name': 'service',
                'url': at.connection.url,
                'driver': 'redfish',
                'username': at.connection.username,
                'password': at.connection.password,
            },
        )
        self.conductor.look()
        self.conductor.settle()

    def sent(self):
        """The types of the requests that were posted to Compose."""
        return [
            one['body']['RequestType']
            for one in self.simulator.control('GET', '/requests?changing=true')
            if one['path'].endswith('CompositionService.Compose')
        ]


class TestOfAService(ServiceCase):
    def test_reserve_and_use(self):
        self.hold(pod_manager='service', count=2)
        self.look()
        self.assertEqual(['PreviewReserve'] * 2, self.sent())
        self.assertIsNone(self.error())
        self.use()
        self.conductor.settle()
        node = self.client.get('/v1/nodes/node')
        self.assertEqual('active', node['provision_state'], node)
        self.assertEqual(['PreviewReserve'] * 2 + ['Apply'], self.sent())
        self.client.delete('/v1/holds/keep')
        self.look(10)
        self.assertEqual([], self.rows())
        podm = db.get(models.PodManager, name='service')
        driver = self.conductor.drivers.get(podm)
        self.assertEqual([], driver.list_reservations(Deadline(30)))


class TestOfAServiceWithoutPreview(ServiceCase):
    arguments = ('--no-preview',)

    def test_what_is_not_listed_is_not_sent(self):
        self.hold(pod_manager='service')
        self.looks(3)
        self.assertEqual(([], []), (self.sent(), self.rows()))
        self.use()
        self.conductor.settle()
        self.assertEqual(['Apply'], self.sent())
