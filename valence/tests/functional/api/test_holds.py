# SPDX-License-Identifier: Apache-2.0
"""Holds: hardware that is kept for a node until a time."""

import dataclasses

from oslo_config import cfg

from valence import holds
from valence.common import exception
from valence.db import api as db
from valence.db import recount
from valence.db.sqlalchemy import models
from valence.tests import base

_FREE = {'total': 3, 'free': 3, 'held': 0}


class HoldCase(base.ConductorTestCase):
    options = {**base.ConductorTestCase.options, 'hold__max_seconds': 3600}

    def setUp(self):
        super().setUp()
        self.fake = self.pod()

    def hold(self, name='keep', code=201, **body):
        """Hold hardware; returns the hold, or the error."""
        answer = self.client.request(
            'POST', '/v1/holds', {'name': name, 'seconds': 600, **body}
        )
        self.assertEqual(code, answer.status, answer)
        return answer.json if code == 201 else answer.error

    def show(self, name='keep'):
        return self.client.get(f'/v1/holds/{name}')

    def use(self, hold='keep', name='node'):
        return self.client.request(
            'POST', '/v1/nodes', {'name': name, 'hold': hold}
        )

    def expire(self):
        self.clock.advance(601)
        return holds.sweep()

    def systems(self):
        return self.client.get('/v1/capacity')['capacity']['systems']

    def assertCounted(self):
        """Counters are right, and each claim has one holder."""
        for podm in self.client.all('/v1/pod_managers'):
            self.assertEqual([], recount.check(podm['uuid'], repair=False))

    def assertSpansAreCharges(self, name='keep'):
        hold = db.get(models.Hold, name=name)
        with db.reader() as tx:
            spans = tx.list(
                models.UsageSpan, hold_uuid=hold.uuid, closed_at=None
            ).all()
        for column in ('cores', 'memory_mib', 'devices'):
            self.assertEqual(
                getattr(hold, f'charged_{column}'),
                sum(getattr(one, column) for one in spans),
                column,
            )


class TestHold(HoldCase):
    def test_an_entity_tag_is_of_the_time_when_it_expires(self):
        self.hold()
        shown = self.client.request('GET', '/v1/holds/keep')
        headers = {'If-Match': shown.headers['ETag']}
        for status in (200, 412):
            answer = self.client.request(
                'PATCH', '/v1/holds/keep', {'seconds': 900}, headers
            )
            self.assertEqual(status, answer.status, answer)
        headers = {'If-None-Match': '*'}
        answer = self.client.request('GET', '/v1/holds/keep', None, headers)
        self.assertEqual(304, answer.status)

    def test_keep(self):
        hold = self.hold(properties={'storage': [{'capacity_gib': 1}]})
        self.assertEqual('active', hold['state'])
        self.assertEqual((1, 1), (hold['count'], hold['remaining']))
        shown = self.show()
        for part in ('systems', 'devices'):
            self.assertEqual(shown[part], hold[part])
        (system,) = shown['systems']
        self.assertEqual(hold['charged_cores'], system['cpu_cores'])
        row = self.client.get(f'/v1/systems/{system["uuid"]}')
        self.assertEqual(
            (hold['uuid'], False, None),
            (row['hold_uuid'], row['free'], row['node_uuid']),
        )
        self.assertEqual({'total': 3, 'free': 2, 'held': 1}, self.systems())
        self.assertCounted()

    def test_use(self):
        self.hold(flavor=self.flavor('small'))
        (system,) = self.show()['systems']
        answer = self.use()
        self.assertEqual(202, answer.status, answer)
        self.conductor.settle()
        node = self.client.get('/v1/nodes/node')
        self.assertEqual('active', node['provision_state'])
        self.assertEqual([system['uuid']], self.uuids(node['systems']))
        self.assertEqual(system['cpu_cores'], node['charged_cores'])
        self.assertEqual('small', node['resource_class'])
        hold = self.show()
        self.assertEqual(
            ('used', 0, 0, []),
            tuple(
                hold[name]
                for name in ('state', 'remaining', 'charged_cores', 'systems')
            ),
        )
        self.assertIn('used up', self.use(name='two').error['detail'])
        self.assertEqual({'total': 3, 'free': 2, 'held': 0}, self.systems())
        self.assertCounted()

    def test_usage(self):
        """Usage reports held hardware apart from used hardware."""
        requested = {'storage': [{'capacity_gib': 1, 'count': 2}]}
        uuid = self.hold(count=2, properties=requested)['uuid']
        self.clock.advance(100)
        self.use()
        self.conductor.settle()
        self.clock.advance(100)
        self.expire()
        self.clock.advance(100)
        found = self.usage('kind')
        self.assertEqual({'held', 'system', 'drive'}, {*found})
        # Two systems and two drives, then one of each until the expiry.
        expected = 2 * (2 * 100 + 100 + 601)
        self.assertAlmostEqual(expected, found['held'], delta=20)
        self.assertAlmostEqual(801, found['system'], delta=20)
        by_hold = self.usage('hold')
        self.assertAlmostEqual(expected, by_hold[uuid], delta=20)
        self.client.delete('/v1/holds/keep')
        self.assertEqual(by_hold[uuid], self.usage('hold')[uuid])

    def usage(self, group):
        column = {'hold': 'hold_uuid'}.get(group, group)
        listed = self.client.get(f'/v1/usage?group_by={group}')['usage']
        return {one[column]: one['seconds'] for one in listed}

    def flavor(self, name):
        self.client.post('/v1/flavors', {'name': name, 'properties': {}})
        return name

    def uuids(self, rows):
        return [row['uuid'] for row in rows]

    def test_several(self):
        self.hold(count=3)
        self.assertEqual(0, self.systems()['free'])
        error = self.hold('more', 409)
        self.assertEqual('composable.no-capacity', error['code'])
        (rejection,) = error['rejections']
        self.assertEqual('capacity', rejection['filter'])
        for number in range(2):
            self.assertEqual(202, self.use(name=f'n{number}').status)
        self.assertEqual(1, self.show()['remaining'])
        self.client.delete('/v1/holds/keep')
        self.assertEqual({'total': 3, 'free': 1, 'held': 0}, self.systems())
        self.conductor.settle()
        self.assertCounted()

    def test_several_of_two_pod_managers(self):
        """What is chosen for one node is chosen for no other."""
        self.pod(name='other')
        requested = {'storage': [{'capacity_gib': 1, 'count': 2}]}
        hold = self.hold(count=4, properties=requested)
        parts = self.uuids(hold['systems']), self.uuids(hold['devices'])
        self.assertEqual([4, 4], [len(set(uuids)) for uuids in parts])
        self.assertIsNone(hold['podm_uuid'])
        self.assertEqual(4, hold['charged_devices'])
        self.assertCounted()

    def test_a_lost_race_has_all_chosen_again(self):
        """Whoever gets a part in between keeps it."""
        keep, tried = holds._keep, []

        def lose(asked, choices):
            tried.append({one.system_uuid for one in choices})
            if len(tried) == 1:
                values = {**asked.values, 'name': 'other', 'count': 1}
                other = dataclasses.replace(asked, values=values)
                keep(other, choices[-1:])
            return keep(asked, choices)

        self.patch(holds, '_keep', lose)
        hold = self.hold(count=2)
        self.assertEqual(2, len(tried))
        self.assertEqual(tried[1], set(self.uuids(hold['systems'])))
        self.assertCounted()

    def test_nothing_is_chosen_in_the_transaction_that_holds(self):
        def choose(*args, **kwargs):
            raise AssertionError('chosen with locks')

        keep = holds._keep

        def guarded(asked, choices):
            self.patch(holds.ranking, 'choose', choose)
            return keep(asked, choices)

        self.patch(holds, '_keep', guarded)
        self.assertEqual(3, len(self.hold(count=3)['systems']))

    def test_all_or_nothing(self):
        error = self.hold(count=4, code=409)
        self.assertIn('(there is enough for 3 of 4)', error['detail'])
        self.assertEqual(_FREE, self.systems())
        self.assertEqual([], self.client.all('/v1/holds'))

    def test_expiry(self):
        self.hold()
        self.assertEqual(0, holds.sweep())
        self.assertEqual(1, self.expire())
        self.assertEqual(0, holds.sweep())
        self.assertEqual(_FREE, self.systems())
        self.assertEqual('expired', self.show()['state'])
        answer = self.use()
        self.assertEqual(
            (409, 'composable.hold-expired'),
            (answer.status, answer.error['code']),
        )
        self.assertEqual([], self.client.all('/v1/nodes'))
        # Its name is free for another one.
        self.assertEqual('active', self.hold()['state'])
        self.assertCounted()

    def test_expired_but_not_swept(self):
        self.hold()
        self.clock.advance(601)
        self.assertEqual(409, self.use().status)
        answer = self.client.request(
            'PATCH', '/v1/holds/keep', {'seconds': 60}
        )
        self.assertEqual(409, answer.status)
        self.hold()
        self.assertEqual(1, self.systems()['held'])

    def test_a_use_wins_over_the_expiry(self):
        self.hold()
        self.use()
        self.assertEqual(0, self.expire())
        self.conductor.settle()
        self.assertEqual(
            'active', self.client.get('/v1/nodes/node')['provision_state']
        )

    def test_extend(self):
        self.hold()
        self.clock.advance(500)
        self.client.patch('/v1/holds/keep', {'seconds': 600})
        self.clock.advance(500)
        self.assertEqual(0, holds.sweep())

    def test_limits(self):
        self.assertRefused(
            400, 'seconds', 'POST', '/v1/holds', {'name': 'a', 'seconds': 3601}
        )
        self.hold()
        self.assertRefused(
            400, 'seconds', 'PATCH', '/v1/holds/keep', {'seconds': 3601}
        )
        self.assertRefused(
            409, 'name', 'POST', '/v1/holds', {'name': 'keep', 'seconds': 1}
        )
        cfg.CONF.set_override('max_per_project', 1, 'hold')
        self.assertIn('holds: the limit is 1', self.hold('b', 403)['detail'])

    def test_what_a_hold_excludes(self):
        self.hold()
        for field, value in (
            ('flavor', 'x'),
            ('properties', {'memory': {'capacity_mib': 1}}),
            ('pod_manager', 'pod'),
        ):
            body = {'name': 'node', 'hold': 'keep', field: value}
            self.assertRefused(400, 'hold', 'POST', '/v1/nodes', body)

    def test_refused_hardware_is_replaced(self):
        self.hold()
        (system,) = self.show()['systems']
        refusal = exception.RequestRejected(reason='no')
        self.fake.order('compose', refusal)
        self.use()
        self.conductor.settle()
        node = self.client.get('/v1/nodes/node')
        self.assertEqual('active', node['provision_state'])
        self.assertEqual({'total': 3, 'free': 2, 'held': 0}, self.systems())
        self.assertCounted()

    def test_cancelled_before_it_began(self):
        self.hold()
        operation = self.use().json['operation_uuid']
        self.client.delete(f'/v1/operations/{operation}')
        self.conductor.settle()
        node = self.client.get('/v1/nodes/node')
        self.assertEqual('error', node['provision_state'])
        self.assertEqual(_FREE, self.systems())

    def test_preview(self):
        answer = self.client.post(
            '/v1/nodes/preview', {'hold': {'seconds': 9}}
        )
        shown = answer['candidates'][0]
        (system,) = self.show(answer['hold']['uuid'])['systems']
        self.assertEqual(shown['system_uuid'], system['uuid'])

    def test_pod_manager_is_deleted(self):
        self.hold()
        self.assertRefused(409, 'holds', 'DELETE', '/v1/pod_managers/pod')
        self.client.delete('/v1/pod_managers/pod?cascade=true')
        self.assertEqual('expired', self.show()['state'])
        with db.reader() as tx:
            self.assertEqual(0, tx.count(models.Allocation))

    def test_events(self):
        uuid = self.hold()['uuid']
        self.expire()
        listed = self.client.all(f'/v1/events?resource_uuid={uuid}')
        self.assertEqual(
            ['hold.create', 'hold.update'],
            sorted(row['event_type'] for row in listed),
        )


class TestSharedDevices(HoldCase):
    """A hold has a place of a device that several nodes share."""

    def setUp(self):
        super().setUp()
        for device in self.client.all('/v1/devices'):
            if device['name'] != 'Drive 1':
                del self.fake.hardware[device['resource_uri']]
        self.done('POST', '/v1/pod_managers/pod/sync')
        db.update(models.Device, {'max_nodes': 2}, name='Drive 1')
        (podm,) = self.client.all('/v1/pod_managers')
        recount.check(podm['uuid'], repair=True)

    def sharers(self):
        return db.get(models.Device, name='Drive 1').sharers

    def test_places(self):
        requested = {'storage': [{'capacity_gib': 1, 'count': 2}]}
        self.hold(properties=requested, count=2)
        self.assertEqual(2, self.sharers())
        shown = self.show()
        self.assertEqual(1, len(shown['devices']))
        self.assertEqual(2, shown['charged_devices'])
        self.assertSpansAreCharges()
        self.hold('more', 409, properties=requested)
        self.use()
        self.assertEqual(1, self.show()['charged_devices'])
        self.assertSpansAreCharges()
        node = self.client.get('/v1/nodes/node')
        self.assertEqual((1, 1), (len(node['devices']), self.sharers() - 1))
        self.client.delete('/v1/holds/keep')
        self.assertEqual(1, self.sharers())
