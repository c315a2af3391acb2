# SPDX-License-Identifier: Apache-2.0
"""Flavors that are published in Nova, and what stands in the way."""

from oslo_config import cfg

from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.provisioning.nova import calls
from valence.provisioning.nova import wanted
from valence.tests import base
from valence.tests.fixtures import strict_nova
from valence.tests.unit.test_ironic import register_options

PROJECT = '1' * 32
_WANTED = {
    'processor': {'total_cores': 8},
    'memory': {'capacity_mib': {'min': 4096}},
    'storage': [{'capacity_gib': 100}, {'capacity_gib': 400}],
    'traits': {'required': ['CUSTOM_GOLD'], 'preferred': ['CUSTOM_NEAR']},
}
_SPECS = {
    'resources:CUSTOM_BIG_ONE': '1',
    'resources:VCPU': '0',
    'resources:MEMORY_MB': '0',
    'resources:DISK_GB': '0',
    'trait:CUSTOM_GOLD': 'required',
}


class PublishCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.nova = self.useFixture(strict_nova.StrictNova())
        self.conf.set(**self.nova.options())
        body = {'name': 'big one', 'properties': _WANTED}
        self.flavor = self.client.post('/v1/flavors', body)
        self.path = f'/v1/flavors/{self.flavor["uuid"]}'

    def publish(self, body=None, state='succeeded'):
        return self.done('POST', f'{self.path}/publish', body or {}, state)

    def unpublish(self, state='succeeded'):
        return self.done('POST', f'{self.path}/unpublish', None, state)

    @property
    def there(self):
        """The flavor in Nova."""
        return self.nova.flavors[self.flavor['uuid']]

    def shown(self):
        return self.client.get(self.path)['published_at']


class TestPublish(PublishCase):
    def test_what_nova_gets(self):
        self.assertIsNone(self.shown())
        self.publish()
        mark = str(installation.mark(self.flavor['uuid']))
        self.assertEqual(
            ('big one', 8, 4096, 400, True, mark),
            tuple(
                self.there[name]
                for name in (
                    *('name', 'vcpus', 'ram', 'disk'),
                    *('os-flavor-access:is_public', 'description'),
                )
            ),
        )
        self.assertEqual(_SPECS, self.there['extra_specs'])
        self.assertIsNotNone(self.shown())

    def test_without_requirements(self):
        self.client.patch(self.path, {'properties': {}})
        self.publish()
        sizes = [self.there[name] for name in ('vcpus', 'ram', 'disk')]
        self.assertEqual([1, 1, 0], sizes)

    def test_again_changes_nothing(self):
        self.publish()
        self.nova.asked.clear()
        self.publish()
        self.assertEqual([], self.nova.changing())

    def test_a_change(self):
        self.publish()
        self.there['extra_specs']['capabilities:boot_mode'] = 'uefi'
        changed = {**_WANTED, 'processor': {'total_cores': 16}, 'traits': {}}
        self.client.patch(self.path, {'properties': changed})
        self.publish()
        self.assertEqual(16, self.there['vcpus'])
        specs = {k: v for k, v in _SPECS.items() if 'trait' not in k}
        self.assertEqual(
            {**specs, 'capabilities:boot_mode': 'uefi'},
            self.there['extra_specs'],
        )

    def test_traits_that_are_over_are_removed(self):
        self.publish({'traits': ['CUSTOM_NEW']})
        self.assertIn('trait:CUSTOM_NEW', self.there['extra_specs'])
        self.there['extra_specs']['hw:x'] = '1'
        self.publish()
        self.assertEqual({**_SPECS, 'hw:x': '1'}, self.there['extra_specs'])

    def test_the_class_that_nodes_are_registered_with(self):
        self.publish({'resource_class': 'bare.metal-1'})
        self.assertIn(
            'resources:CUSTOM_BARE_METAL_1', self.there['extra_specs']
        )

    def test_a_prefix(self):
        cfg.CONF.set_override('flavor_prefix', 'bm.', 'nova')
        operation = self.publish()
        self.assertEqual('bm.big one', self.there['name'])
        self.assertEqual('publish', operation['action'])

    def test_a_flavor_of_a_project(self):
        self.nova.projects.add(PROJECT)
        values = {'is_public': False, 'project_id': PROJECT, 'scope': PROJECT}
        db.update(models.Flavor, values, uuid=self.flavor['uuid'])
        self.publish()
        self.publish()
        self.assertIs(False, self.there['os-flavor-access:is_public'])
        self.assertEqual([PROJECT], self.nova.access[self.flavor['uuid']])

    def test_no_more_than_once_at_a_time(self):
        self.begin('POST', f'{self.path}/publish', {})
        for verb in ('publish', 'unpublish'):
            answer = self.client.request('POST', f'{self.path}/{verb}')
            self.assertEqual(409, answer.status)
            self.assertIn('is in progress', answer.error['detail'])

    def test_a_class_that_is_not_ascii(self):
        found = wanted.specs('größe ' * 20, ())
        (name,) = (one for one in found if 'CUSTOM' in one)
        self.assertRegex(name, '^resources:CUSTOM_[A-Z0-9_]+$')


class TestUnpublish(PublishCase):
    def test_gone(self):
        self.publish()
        self.unpublish()
        self.assertEqual({}, self.nova.flavors)
        self.assertIsNone(self.shown())
        self.client.delete(self.path)

    def test_a_flavor_that_is_published_is_not_deleted(self):
        self.publish()
        self.assertRefused(409, 'unpublish it first', 'DELETE', self.path)

    def test_one_that_is_not_published(self):
        path = f'{self.path}/unpublish'
        self.assertRefused(409, 'is not published', 'POST', path)

    def test_what_lost_the_mark_stays(self):
        self.publish()
        self.there['description'] = 'Ours, says an operator.'
        self.nova.asked.clear()
        self.unpublish()
        self.assertEqual([], self.nova.changing())
        self.assertIsNone(self.shown())

    def test_another_valence(self):
        self.publish()
        other = f'valence:0123456789ab:{self.flavor["uuid"]}'
        self.there['description'] = other
        self.unpublish()
        self.assertIn(self.flavor['uuid'], self.nova.flavors)

    def test_one_that_is_gone_already(self):
        self.publish()
        self.nova.flavors.clear()
        self.unpublish()
        self.assertIsNone(self.shown())


class TestTrouble(PublishCase):
    def fails(self, words, **more):
        operation = self.publish(state='failed', **more)
        self.assertIn(words, operation['error'])
        self.assertIsNone(self.shown())

    def test_not_configured(self):
        cfg.CONF.clear_override('auth_type', 'nova')
        for verb in ('publish', 'unpublish'):
            self.assertRefused(
                *(409, 'Nova is not configured: [nova] auth_type'),
                *('POST', f'{self.path}/{verb}'),
            )
        self.client.delete(self.path)

    def test_a_name_that_is_taken(self):
        self.nova.flavors['1'] = {'id': '1', 'name': 'big one'}
        self.fails('Flavor with name big one already exists')
        self.assertEqual({'1'}, set(self.nova.flavors))

    def test_a_flavor_without_the_mark(self):
        self.publish()
        self.there['description'] = None
        before = dict(self.there)
        operation = self.publish(state='failed')
        self.assertIn('without the mark', operation['error'])
        self.assertEqual(before, self.there)
        # It was published before.
        self.assertIsNotNone(self.shown())

    def test_an_old_nova(self):
        self.nova.minor = 54
        self.fails('too old')
        self.assertEqual({}, self.nova.flavors)

    def test_a_response_that_is_lost(self):
        self.nova.fail('POST', '/flavors', 503, late=True)
        self.publish()
        self.assertEqual(_SPECS, self.there['extra_specs'])

    def test_extra_specs_that_are_refused_leave_nothing(self):
        self.nova.fail('POST', '.*/os-extra_specs', 400)
        self.fails('Nova responded')
        self.assertEqual({}, self.nova.flavors)

    def test_nova_away_for_a_while(self):
        self.nova.fail('GET', '/flavors/.*', 503)
        self.publish()
        self.assertIn(self.flavor['uuid'], self.nova.flavors)

    def test_a_page_of_a_load_balancer_is_not_nova(self):
        self.publish()
        self.nova.page = (404, 'text/html', b'<h1>Not Found</h1>')
        operation = self.unpublish(state='failed')
        self.assertIn('is not Nova', operation['error'])
        self.assertIsNotNone(self.shown())
        self.nova.page = None
        self.unpublish()
        self.assertEqual({}, self.nova.flavors)

    def test_cancelled_before_it_began(self):
        uuid = self.begin('POST', f'{self.path}/publish', {})
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.finish(uuid)
        self.assertIsNone(self.shown())
        self.assertEqual([], self.nova.changing())

    def test_what_is_not_found_afterwards(self):
        self.nova.fail('POST', '.*/os-extra_specs', 200, times=9)
        self.fails('does not show the flavor')

    def test_a_wrong_password_is_not_shown(self):
        calls.forget()
        register_options('password', 'nova')
        self.conf.set(
            nova__auth_type='password',
            nova__auth_url=f'{self.nova.url}/v3',
            nova__username='valence',
            nova__password='top secret',
        )
        operation = self.publish(state='failed')
        self.assertNotIn('top secret', str(operation))
