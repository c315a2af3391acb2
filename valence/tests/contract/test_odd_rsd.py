# SPDX-License-Identifier: Apache-2.0
"""RSD pod managers as odd as were seen."""

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.podmanagers.progress import Progress
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link


class RsdTestCase(odd.OddCase):
    """The resources of the nodes of an RSD pod manager."""

    def setUp(self):
        super().setUp()
        self.nodes = f'{ROOT}/Nodes'
        del self.pages[ROOT]['CompositionService']
        self.pages[ROOT]['Nodes'] = link(self.nodes)
        self.pages[self.nodes] = odd_service.collection(f'{self.nodes}/1')
        self.pages[f'{self.nodes}/1'] = {
            'Id': '1',
            'Links': {'ComputerSystem': link(f'{SYSTEMS}/1')},
        }
        uris = [f'{SYSTEMS}/{n}' for n in (1, 2)]
        self.pages[SYSTEMS] = odd_service.collection(*uris)
        self.pages.update({uri: {'Name': uri} for uri in uris})

    def connect(self, path='', **login):
        super().connect(path, **login)
        self.driver = RSD(self.connection)
        self.addCleanup(self.driver.close)

    def assertDoubtful(self, seen, *names):
        """It is unknown whether these systems are in use."""
        self.assertEqual(
            [f'{SYSTEMS}/{n}' for n in names],
            [item.uri for item in seen.systems if 'state' in item.unknown],
        )

    def test_chassis_that_tell_what_they_contain(self):
        """Chassis may only link what they contain."""
        rack, drawer = (f'{ROOT}/Chassis/{name}' for name in ('r', 'd'))
        systems = [link(f'{SYSTEMS}/{n}') for n in (1, 2)]
        self.pages[f'{ROOT}/Chassis'] = odd_service.collection(drawer, rack)
        self.pages[drawer] = {'Links': {'ComputerSystems': systems}}
        self.pages[rack] = {
            'Links': {
                'Contains': [link(drawer), link(rack)],
                'ComputerSystems': systems,
            }
        }
        self.pages[f'{SYSTEMS}/2']['Links'] = {'Chassis': [link(rack)]}
        seen = self.discover()
        self.assertEqual([rack, None], [one.parent for one in seen.chassis])
        self.assertEqual([drawer, rack], [one.parent for one in seen.systems])

    def test_drives_in_a_collection_of_their_chassis(self):
        box = f'{ROOT}/Chassis/box'
        drives = [f'{box}/Drives/{n}' for n in (1, 2)]
        self.pages[f'{ROOT}/Chassis'] = odd_service.collection(box)
        self.pages[f'{box}/Drives'] = odd_service.collection(*drives)
        for uri in drives:
            self.pages[uri] = {'Name': uri, 'CapacityBytes': 2**40}
        listed = list(map(link, drives))
        for links in ({}, {'Drives': listed}, {'ComputerSystems': listed}):
            self.pages[box] = {'Drives': link(f'{box}/Drives'), 'Links': links}
            there = [] if 'ComputerSystems' in links else drives
            self.assertEqual(
                [(uri, box, 1024) for uri in there],
                [
                    (one.uri, one.parent, one.values['capacity_gib'])
                    for one in self.discover().devices
                ],
            )

    def test_pools_that_cannot_be_read(self):
        services = f'{ROOT}/StorageServices'
        pools = f'{services}/1/StoragePools'
        self.pages[ROOT]['StorageServices'] = link(services)
        self.pages[services] = odd_service.collection(f'{services}/1')
        self.pages[f'{services}/1'] = {'Id': '1', 'StoragePools': link(pools)}
        self.pages[pools] = odd_service.collection(f'{pools}/1', f'{pools}/2')
        data = {'AllocatedBytes': 2**40}
        for n in (1, 2):
            self.pages[f'{pools}/{n}'] = {'Capacity': {'Data': data}}
        (service, *_) = self.discover().storages
        self.assertEqual(2048, service.values['capacity_gib'])
        self.assertEqual(set(), service.unknown)
        self.pages[f'{pools}/2'] = Reply(500)
        (service, pool) = self.discover(f'{pools}/2').storages
        self.assertEqual({'capacity_gib', 'free_gib'}, service.unknown)
        self.assertEqual(set(), pool.unknown)

    def test_processors_that_cannot_be_read(self):
        """That may pass: it is no reason to choose another system."""
        target = f'{self.nodes}/Actions/Allocate'
        self.pages[self.nodes]['Actions'] = {
            '#ComposedNodeCollection.Allocate': {'target': target}
        }
        processors = f'{SYSTEMS}/1/Processors'
        self.pages[f'{SYSTEMS}/1']['Processors'] = link(processors)
        self.pages[processors] = odd_service.collection(f'{processors}/1')
        request = podmanagers.ComposeRequest(odd.MARK, 'n', {}, f'{SYSTEMS}/1')
        for page, error in (
            (Reply(503), exception.PodManagerUnavailable),
            (Reply(404), exception.NoMatch),
        ):
            self.pages[f'{processors}/1'] = page
            arguments = request, self.soon(), Progress()
            self.assertRaises(error, self.driver.compose, *arguments)

    def test_nodes_that_cannot_be_read(self):
        nodes, node = self.pages[self.nodes], self.pages[f'{self.nodes}/1']
        for reply in (Reply(500), Reply(200), Reply(200, {'error': {}})):
            self.assertDoubtful(self.discover())
            # The resources of the node are known from before.
            self.pages[f'{self.nodes}/1'] = reply
            self.assertDoubtful(self.discover(f'{self.nodes}/1'), 1)
            refreshed = self.driver.refresh(
                [f'{self.nodes}/1', f'{SYSTEMS}/2'], self.soon()
            )
            self.assertDoubtful(refreshed, 1)
            self.pages[f'{self.nodes}/1'] = node
            # There may be other nodes, of any resources.
            self.pages[self.nodes] = reply
            seen = self.discover(self.nodes)
            self.assertDoubtful(seen, 2)
            self.assertEqual(1, len(seen.nodes))
            # Nothing is known from before.
            self.connect()
            self.assertDoubtful(self.discover(self.nodes), 1, 2)
            self.pages[self.nodes] = nodes

    def test_members_with_a_slash_at_the_end(self):
        for uri in (f'{SYSTEMS}/1', f'{SYSTEMS}/2', f'{self.nodes}/1'):
            self.pages[f'{uri}/'] = self.pages.pop(uri)
        self.pages[SYSTEMS] = odd_service.collection(
            f'{SYSTEMS}/1/', f'{SYSTEMS}/2/'
        )
        self.pages[self.nodes] = odd_service.collection(f'{self.nodes}/1/')
        self.pages[f'{self.nodes}/1/']['Links'] = {
            'ComputerSystem': link(f'{SYSTEMS}/1/')
        }
        for known in (False, True):
            self.connect()
            if known:
                self.discover()
            for name in (f'{SYSTEMS}/1', f'{SYSTEMS}/1/', f'{SYSTEMS}/1/x'):
                seen = self.driver.refresh([name], self.soon())
                self.assertEqual(
                    [f'{SYSTEMS}/1'], [item.uri for item in seen.systems]
                )
                self.assertEqual('used', seen.systems[0].values['state'])
                self.assertEqual(
                    [f'{self.nodes}/1'], [node.uri for node in seen.nodes]
                )
        seen = self.driver.refresh([f'{SYSTEMS}/'], self.soon())
        self.assertEqual(
            ([], {f'{SYSTEMS}/'}), (seen.systems, seen.unrecognized)
        )

    def test_nodes_that_are_gone(self):
        self.discover()
        self.pages[f'{self.nodes}/1'] = Reply(404)
        seen = self.discover(f'{self.nodes}/1')
        self.assertDoubtful(seen)
        self.assertEqual(
            ['free'] * 2, [item.values['state'] for item in seen.systems]
        )

    def test_links_that_are_malformed(self):
        """A node that shows not all of its resources has not lost them."""
        node = self.pages[f'{self.nodes}/1']
        node['ComposedNodeState'] = 'Assembled'
        for links in (
            {'ComputerSystem': link('x://[bad')},
            {'ComputerSystem': link(f'{SYSTEMS}/1'), 'LocalDrives': [7]},
            {},
            'none',
        ):
            node['Links'] = links
            seen = self.driver.discover(self.soon())
            self.assertFalse(seen.nodes[0].resources_known)
            self.assertIn(f'{self.nodes}/1', ' '.join(seen.problems))
            free = [s for s in seen.systems if s.values['state'] == 'free']
            self.assertTrue(all('state' in s.unknown for s in free))
        node['Links'] = {'ComputerSystem': link(f'{SYSTEMS}/1')}
        self.pages[ROOT]['Chassis'] = 7
        seen = self.discover('a malformed link in Chassis')
        self.assertEqual({f'{ROOT}/'}, seen.unread)

    def test_drives_behind_a_malformed_link(self):
        """Drives that are not pooled do not seem to be."""
        box = f'{ROOT}/Chassis/box'
        self.pages[f'{ROOT}/Chassis'] = odd_service.collection(box)
        self.pages[f'{box}/1'] = {'Name': '1', 'CapacityBytes': 2**40}
        self.pages[box] = {'Id': 'box', 'Drives': [link('x://[bad')]}
        seen = self.discover('a malformed link in Drives')
        self.assertEqual({f'{box}/'}, seen.unread)
        self.pages[box] = {
            'Id': 'box',
            'Links': {'ComputerSystems': [7], 'Drives': [link(f'{box}/1')]},
        }
        seen = self.discover('a malformed link in ComputerSystems')
        self.assertEqual([], seen.devices)

    def test_logical_drives(self):
        """RSD 2.1 attaches the target of a logical drive."""
        service = f'{ROOT}/Services/1'
        drives, targets = f'{service}/LogicalDrives', f'{service}/Targets'
        self.pages[ROOT]['Services'] = link(f'{ROOT}/Services')
        self.pages[f'{ROOT}/Services'] = odd_service.collection(service)
        self.pages[service] = {'Id': '1', 'LogicalDrives': link(drives)}
        self.pages[drives] = odd_service.collection(
            *(f'{drives}/{n}' for n in (1, 2, 3))
        )
        for n, links in (
            (1, {'Targets': [link(f'{targets}/1')]}),
            (2, {'Targets': [link(f'{targets}/2')], 'UsedBy': [link('/x')]}),
            (3, {}),
        ):
            self.pages[f'{drives}/{n}'] = {
                'Id': str(n),
                'CapacityGiB': 80,
                'Links': links,
            }
        node = self.pages[f'{self.nodes}/1']
        for attached, first in (([], 'free'), ([f'{targets}/1'], 'used')):
            node['Links']['RemoteDrives'] = list(map(link, attached))
            self.assertEqual(
                [
                    (f'{targets}/1', 80, first),
                    (f'{targets}/2', 80, 'used'),
                    (f'{drives}/3', 80, 'free'),
                ],
                [
                    (d.uri, d.values['capacity_gib'], d.values['state'])
                    for d in self.discover().devices
                ],
            )
        self.pages[f'{drives}/1'] = Reply(500)
        seen = self.discover('not all volumes', drives)
        self.assertIn(f'{service}/', seen.unread)

    def test_accelerators_outside_of_systems(self):
        box = f'{ROOT}/Chassis/box'
        uris = [f'{box}/Processors/{n}' for n in (1, 2, 3, 4)]
        self.pages[f'{ROOT}/Chassis'] = odd_service.collection(box)
        self.pages[f'{box}/Processors'] = odd_service.collection(*uris)
        for uri, kind in zip(uris, ('GPU', 'fpga', 'DSP', 'CPU'), strict=True):
            self.pages[uri] = {'Id': 'x', 'ProcessorType': kind}
        node = self.pages[f'{self.nodes}/1']
        node['Links']['Processors'] = [link(uris[1])]
        place, listed = link(f'{box}/Processors'), list(map(link, uris))
        for shown in (
            {'Processors': place},
            {'Links': {'Processors': listed}},
        ):
            self.pages[box] = {'Id': 'box', **shown}
            self.assertEqual(
                [('gpu', 'free'), ('fpga', 'used'), ('processor', 'free')],
                [
                    (d.values['type'], d.values['state'])
                    for d in self.discover().devices
                ],
            )
        self.pages[box] = {
            'Processors': place,
            'Links': {'ComputerSystems': [link(f'{SYSTEMS}/1')]},
        }
        self.assertEqual([], self.discover().devices)
