# SPDX-License-Identifier: Apache-2.0
"""How many more nodes fit, as Placement gets to know it."""

import fixtures as base_fixtures
from oslo_config import cfg

from valence.conductor import capacity
from valence.conductor import membership
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.scheduler import fits
from valence.scheduler.request import Request
from valence.sinks.placement import sink
from valence.tests import base
from valence.tests.fixtures import strict_placement

_SMALL = 'CUSTOM_COMPOSABLE_SMALL'


class CapacityCase(base.ConductorTestCase):
    options = {
        'fake__systems': 5,
        'fake__devices': 4,
        'capacity__sinks': ['placement'],
    }

    def setUp(self):
        super().setUp()
        self.placement = self.useFixture(strict_placement.StrictPlacement())
        self.conf.set(**self.placement.options())
        self.pod()
        self.podm = self.client.get('/v1/pod_managers/pod')['uuid']
        self.writer = capacity.Writer(self.conductor.lease)

    def flavor(self, name='small', publish=True, **properties):
        body = {'name': name, 'properties': properties}
        flavor = self.client.post('/v1/flavors', body)
        if publish:
            values = {'published_at': db.now()}
            db.update(models.Flavor, values, uuid=flavor['uuid'])
        return flavor

    def round(self, count=1):
        for _ in range(count):
            self.clock.advance(cfg.CONF.capacity.interval + 1)
            self.conductor.lease.renew()
            self.writer.tick()

    def totals(self):
        return self.placement.totals(self.podm)


class TestCount(CapacityCase):
    def count(self, **properties):
        request = Request(requirements.normalize(properties))
        with db.reader() as tx:
            podms = tx.list(models.PodManager).all()
            found = fits.count(tx, request, podms)
        return found[self.podm]

    def test_systems(self):
        self.assertEqual(5, self.count())
        self.compose('one')
        self.assertEqual(4, self.count())
        self.assertEqual(0, self.count(processor={'total_cores': 10**6}))

    def test_what_nodes_get_is_what_was_counted(self):
        """As many nodes are composed as fit, and no more."""
        drive = {'capacity_gib': {'min': 1}, 'count': 2}
        wanted = {'storage': [drive]}
        for properties in ({}, wanted):
            number = self.count(**properties)
            for n in range(number):
                self.compose(f'n{n}', properties=properties)
                self.assertEqual(number - n - 1, self.count(**properties))
            self.compose('more', state='failed', properties=properties)
            for node in self.client.all('/v1/nodes'):
                self.done('DELETE', f'/v1/nodes/{node["uuid"]}')

    def test_what_is_kept_away(self):
        self.client.patch('/v1/pod_managers/pod', {'maintenance': True})
        self.assertEqual(0, self.count())

    def test_rows_are_not_read(self):
        """What it costs does not depend on how much there is."""
        read = []
        listed = db.Transaction.list

        def note(tx, model, *args, **kwargs):
            read.append(model)
            return listed(tx, model, *args, **kwargs)

        self.useFixture(
            base_fixtures.MonkeyPatch('valence.db.api.Transaction.list', note)
        )
        self.count(storage=[{'count': 1}])
        self.assertNotIn(models.System, read)
        self.assertNotIn(models.Device, read)


class TestPlacement(CapacityCase):
    def test_what_placement_gets(self):
        self.flavor()
        self.flavor('big one', processor={'total_cores': {'min': 1}})
        self.flavor('huge', processor={'total_cores': {'min': 10**6}})
        self.flavor('hidden', publish=False)
        self.round(2)
        provider = self.placement.providers[self.podm]
        mark = installation.mark(self.podm)
        self.assertEqual(str(mark), provider['name'])
        self.assertEqual(
            {_SMALL: 5, 'CUSTOM_COMPOSABLE_BIG_ONE': 5}, self.totals()
        )
        self.assertEqual(1, len(provider['aggregates']))

    def test_not_in_the_first_round(self):
        self.flavor()
        self.round()
        self.assertEqual([], self.placement.changing())

    def test_only_what_has_changed(self):
        self.flavor()
        self.round(3)
        self.placement.asked.clear()
        self.round(2)
        self.assertEqual(['GET /resource_providers'] * 2, self.placement.asked)
        self.compose('one')
        self.compose('two')
        self.round(3)
        path = f'/resource_providers/{self.podm}/inventories'
        self.assertEqual([f'PUT {path}'], self.placement.changing())
        self.assertEqual({_SMALL: 3}, self.totals())

    def test_once_a_minute(self):
        self.flavor()
        self.round(2)
        self.compose('one')
        self.clock.advance(30)
        self.writer.tick()
        self.assertEqual({_SMALL: 5}, self.totals())

    def test_nothing_fits_any_more(self):
        flavor = self.flavor()
        self.round(2)
        values = {'published_at': None}
        db.update(models.Flavor, values, uuid=flavor['uuid'])
        self.round()
        self.assertEqual({}, self.totals())

    def test_somebody_else_writes(self):
        self.flavor()
        self.round(2)
        provider = self.placement.providers[self.podm]
        provider['inventories'] = {}
        provider['generation'] += 1
        self.round()
        self.assertEqual({_SMALL: 5}, self.totals())

    def test_a_conflict_is_left_to_the_next_round(self):
        self.flavor()
        self.placement.fail('PUT', '.*/inventories', 409)
        self.round(2)
        self.assertEqual({}, self.totals())
        self.round()
        self.assertEqual({_SMALL: 5}, self.totals())

    def test_interrupted_at_each_request(self):
        self.flavor()
        for method, path in (
            ('POST', '/resource_providers'),
            ('PUT', '.*/aggregates'),
            ('PUT', '/resource_classes/.*'),
            ('PUT', '.*/inventories'),
        ):
            for late in (False, True):
                self.placement.providers.clear()
                self.placement.classes.clear()
                self.placement.fail(method, path, 503, late=late)
                self.round(3)
                self.assertEqual({_SMALL: 5}, self.totals())
                provider = self.placement.providers[self.podm]
                self.assertEqual(1, len(provider['aggregates']))

    def test_a_provider_without_the_mark(self):
        self.flavor()
        self.round(2)
        self.placement.providers[self.podm]['name'] = 'mine'
        self.compose('one')
        self.placement.asked.clear()
        self.round(2)
        self.assertEqual([], self.placement.changing())

    def test_classes(self):
        for name in ('small', 'größe', 'x' * 255, 'a.b-c'):
            self.assertRegex(
                sink.class_name(name), '^CUSTOM_COMPOSABLE_[A-Z0-9_]{1,230}$'
            )

    def test_off(self):
        cfg.CONF.set_override('sinks', [], 'capacity')
        self.flavor()
        self.round(3)
        self.assertEqual([], self.placement.asked)

    def test_a_sink_that_is_not_installed(self):
        cfg.CONF.set_override('sinks', ['x', 'placement'], 'capacity')
        self.flavor()
        self.round(2)
        self.assertEqual({_SMALL: 5}, self.totals())

    def test_not_owned(self):
        self.flavor()
        other = membership.Lease()
        other.renew()
        with base_fixtures.MonkeyPatch(
            'valence.conductor.membership.alive', lambda: [other.uuid]
        ):
            self.round(3)
        self.assertEqual({}, self.placement.providers)

    def test_a_placement_that_is_too_old(self):
        self.placement.minor = 19
        self.flavor()
        self.round(2)
        self.assertEqual({}, self.placement.providers)

    def test_not_configured(self):
        cfg.CONF.clear_override('auth_type', 'placement')
        self.flavor()
        self.round(2)
        self.assertEqual([], self.placement.asked)


class TestRemoved(CapacityCase):
    def setUp(self):
        super().setUp()
        self.flavor()
        self.round(2)
        self.client.delete('/v1/pod_managers/pod')

    def test_gone(self):
        self.round()
        self.assertEqual({}, self.placement.providers)

    def test_in_use(self):
        self.placement.used.add(self.podm)
        self.round(2)
        self.assertIn(self.podm, self.placement.providers)
        self.placement.used.clear()
        self.round()
        self.assertEqual({}, self.placement.providers)

    def test_what_bears_no_mark_stays(self):
        for name in ('mine', 'valence:0123456789ab:' + self.podm):
            self.placement.providers[self.podm]['name'] = name
            self.placement.asked.clear()
            self.round()
            self.assertEqual([], self.placement.changing())

    def test_a_page_of_a_load_balancer(self):
        self.placement.page = (404, 'text/html', b'<h1>Not Found</h1>')
        self.round(2)
        self.placement.page = None
        self.assertIn(self.podm, self.placement.providers)
        self.round()
        self.assertEqual({}, self.placement.providers)
