# SPDX-License-Identifier: Apache-2.0
"""What is not understood is reported; nothing is concluded from it."""

import copy
import dataclasses

from valence.podmanagers.fake.driver import pods
from valence.tests import base
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link

_SERVICE = f'{ROOT}/CompositionService'


class TestRedfish(base.ConductorTestCase):
    """A node is composed; then the service answers in another form."""

    def setUp(self):
        super().setUp()
        self.service = self.useFixture(odd_service.OddService())
        self.pages = self.service.pages
        self.client.post(
            '/v1/pod_managers',
            {'name': 'pod', 'url': self.service.url, 'driver': 'redfish'},
        )
        self.conductor.look()
        self.conductor.settle()
        self.compose('n', resources=self.resources())
        self.assertEqual('active', self.node()['provision_state'])
        self.sync()
        self.assertIsNone(self.podm()['sync_error'])

    def resources(self):
        rows = [*self.client.all('/v1/systems'), *self.devices().values()]
        return [row['uuid'] for row in rows]

    def devices(self):
        return {
            row['resource_uri']: row for row in self.client.all('/v1/devices')
        }

    def node(self):
        return self.client.get('/v1/nodes/n')

    def podm(self):
        return self.client.get('/v1/pod_managers/pod')

    def sync(self):
        self.done('POST', '/v1/pod_managers/pod/sync')

    def assertNothingLost(self, *words):
        """The sync is incomplete and says why; everything is as it was."""
        before = self.node()
        self.sync()
        for word in words:
            self.assertIn(word, self.podm()['sync_error'])
        self.assertEqual('online', self.podm()['status'])
        rows = [*self.client.all('/v1/systems'), *self.devices().values()]
        for row in rows:
            self.assertIsNone(row['missing_since'], row['resource_uri'])
        after = self.node()
        for name in ('provision_state', 'drift', 'last_error'):
            self.assertEqual(before[name], after[name])
        self.assertEqual([], self.client.all('/v1/findings'))

    def test_collections_in_a_form_that_is_not_known(self):
        for uri in (BLOCKS, SYSTEMS):
            whole = self.pages[uri]
            for odd in (
                {'Id': '1', 'Members': 'many'},
                {'Id': '1', 'Members@odata.count': 2},
                {'Id': '1', 'Items': whole['Members']},
                {'Members@odata.count': 9, 'Members': whole['Members'][:0]},
                {'Members': [None] * len(whole['Members'])},
                {'Members': [], 'Members@odata.nextLink': 'x://[bad'},
                {'Members': [], 'Members@odata.nextLink': f'{uri}?2'},
                {},
                [],
                Reply(500),
                Reply(403),
                Reply(404),
            ):
                self.pages[uri] = odd
                self.assertNothingLost(uri)
            self.pages[uri] = whole

    def test_links_that_are_malformed(self):
        pages = copy.deepcopy(
            {
                uri: page
                for uri, page in self.pages.items()
                if isinstance(page, dict)
            }
        )
        for uri, name, value in (
            (f'{SYSTEMS}/1', 'Links', {'ResourceBlocks': [link('x://[bad')]}),
            (f'{SYSTEMS}/1', 'Links', {'ResourceBlocks': 7}),
            (f'{SYSTEMS}/1', 'Links', {}),
            (f'{SYSTEMS}/1', 'Links', 'none'),
            (_SERVICE, 'ResourceBlocks', link('x://[bad')),
            (_SERVICE, 'ResourceBlocks', 7),
            (ROOT, 'Systems', link('x://[bad')),
            (ROOT, 'CompositionService', 7),
        ):
            self.pages[uri][name] = value
            self.assertNothingLost(uri)
            self.pages.update(copy.deepcopy(pages))

    def test_blocks_of_an_unknown_kind(self):
        for name in ('host', 'disk'):
            block = self.pages[f'{BLOCKS}/{name}']
            for kind in (['Blade'], 'Blade', [], None, [None], 7, {}):
                block['ResourceBlockType'] = kind
                self.assertNothingLost(f'{BLOCKS}/{name}: unknown Resource')
            kept = 'Compute' if name == 'host' else 'Storage'
            block['ResourceBlockType'] = [kept]
            block['CompositionStatus']['CompositionState'] = 'Marvellous'
            self.assertNothingLost('unknown CompositionState Marvellous')
            block['CompositionStatus']['CompositionState'] = 'Composed'
        self.sync()
        self.assertIsNone(self.podm()['sync_error'])

    def test_a_system_of_an_unknown_type(self):
        for kind in ('composed', 'Compound', None, 7):
            self.pages[f'{SYSTEMS}/1']['SystemType'] = kind
            self.sync()
            self.assertIsNone(self.podm()['sync_error'])
            self.assertEqual('active', self.node()['provision_state'])

    def test_broken_composition_service(self):
        for reply in (Reply(404), Reply(500), Reply(503), Reply(200, b'<')):
            self.pages[_SERVICE] = reply
            self.assertNothingLost(_SERVICE)
            self.conductor.look()
            self.assertEqual('online', self.podm()['status'])

    def test_hardware_that_is_not_read_has_not_moved(self):
        """A system does not become its block, which has the same UUID."""
        uuid = '9a3c1d1e-0000-4000-8000-5f0c3b2a1d00'
        inside = f'{SYSTEMS}/inside'
        self.pages[inside] = {'Id': 'i', 'Name': 'inside', 'UUID': uuid}
        self.pages[SYSTEMS]['Members'].append(link(inside))
        self.pages[f'{BLOCKS}/host']['ComputerSystems'] = [link(inside)]
        self.sync()
        self.pages[BLOCKS] = Reply(500)
        self.assertNothingLost(BLOCKS)
        uris = {row['resource_uri'] for row in self.client.all('/v1/systems')}
        self.assertIn(f'{BLOCKS}/host', uris)


class TestAnyDriver(base.ConductorTestCase):
    """A driver says what it does not know, and nothing is concluded."""

    def test_a_node_whose_resources_are_not_known(self):
        pod = self.pod()
        self.compose('n', properties={})
        (uri,) = pod.nodes
        seen = pods.composed(uri, pod.nodes[uri])
        unknown = dataclasses.replace(
            seen, resources=(), resources_known=False
        )
        for node, drift in ((unknown, False), (seen, False)):
            self.patch_composed(node)
            self.done('POST', '/v1/pod_managers/pod/sync')
            found = self.client.get('/v1/nodes/n')
            self.assertEqual(drift, bool(found['drift']))
            self.assertEqual([], self.client.all('/v1/findings'))
        self.patch_composed(dataclasses.replace(seen, resources=()))
        self.done('POST', '/v1/pod_managers/pod/sync')
        self.assertTrue(self.client.get('/v1/nodes/n')['drift'])

    def patch_composed(self, node):
        kept = pods.composed
        pods.composed = lambda uri, stored: node
        self.addCleanup(setattr, pods, 'composed', kept)

    def test_a_parent_that_is_not_known(self):
        pod = self.pod()
        (before, *_) = self.client.all('/v1/systems')
        self.assertIsNotNone(before['chassis_uuid'])
        item = pod.hardware[before['resource_uri']]
        item.parent = None
        item.unknown.add('parent')
        self.done('POST', '/v1/pod_managers/pod/sync')
        after = self.client.get(f'/v1/systems/{before["uuid"]}')
        self.assertEqual(before['chassis_uuid'], after['chassis_uuid'])
        self.assertTrue(after['stale'])
