# SPDX-License-Identifier: Apache-2.0
"""Tests of one protocol, with faults that the simulator injects."""

import time

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers import base as podmanagers
from valence.podmanagers import hardware
from valence.podmanagers import node_uri
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.rsd.driver import RSD
from valence.tests import base
from valence.tests.contract import endpoints
from valence.tests.contract.patience import Patience

MARK = Mark('0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a', '0123456789ab')
SYSTEMS = '/redfish/v1/Systems'
BLOCKS = '/redfish/v1/CompositionService/ResourceBlocks'


class OdditiesTestCase(Patience, base.TestCase):
    driver_class = Redfish

    def start(self, *arguments, personality='redfish', systems=4):
        at = self.useFixture(
            endpoints.Simulated(personality, *arguments, systems=systems)
        )
        self.simulator = at.simulator
        self.driver = self.driver_class(at.connection)
        self.addCleanup(self.driver.close)

    def request(self, *blocks):
        system, *devices = [f'{BLOCKS}/{block}' for block in blocks]
        return podmanagers.ComposeRequest(
            MARK, 'n', {}, system, tuple(devices)
        )

    def settle(self, uri):
        for _ in range(300):
            try:
                return self.driver.poll_compose(uri, self.soon(), Progress())
            except InProgress as exc:
                time.sleep(min(exc.seconds, 0.05))
        self.fail('it never settled')


class RedfishOdditiesTestCase(OdditiesTestCase):
    def test_no_location(self):
        """No Location, no body, no name: the blocks identify the node."""
        self.start('--no-tasks', '--no-expand')
        nothing = {'@remove': True}
        self.simulator.order(
            f'{SYSTEMS}/\\d+$',
            'merge',
            {'Name': 'System', 'Description': nothing},
            method='GET',
        )
        self.simulator.order(
            f'{SYSTEMS}$', 'headers', {'Location': None}, method='POST'
        )
        self.simulator.order(f'{SYSTEMS}$', 'replace', {}, method='POST')
        request = self.request('compute-1', 'storage-1-1')
        self.assertIsNone(self.driver.find_composed(request, self.soon()))
        node = self.driver.compose(request, self.soon(), Progress())
        self.assertEqual(f'{SYSTEMS}/1', node.uri)
        self.assertIsNone(node.mark)
        other = podmanagers.ComposeRequest(
            MARK, 'n', {}, f'{BLOCKS}/compute-1'
        )
        self.assertIsNone(self.driver.find_composed(other, self.soon()))

    def test_an_absolute_location(self):
        self.start('--no-tasks')
        self.simulator.order(
            f'{SYSTEMS}$',
            'headers',
            {'Location': f'http://pod.example.com:1{SYSTEMS}/1'},
            method='POST',
        )
        node = self.driver.compose(
            self.request('compute-1'), self.soon(), Progress()
        )
        self.assertEqual((f'{SYSTEMS}/1', MARK), (node.uri, node.mark))

    def test_an_etag_that_is_wrong_once_and_for_ever(self):
        self.start('--no-tasks', '--require-etag')
        node = self.driver.compose(
            self.request('compute-1'), self.soon(), Progress()
        )

        def boot():
            self.changed('set_boot', node.uri, BootOverride('Once', 'Pxe'))

        self.simulator.order(
            node.uri, 'wrong-etag', 'W/"old"', method='GET', count=1
        )
        boot()
        self.simulator.order(node.uri, 'wrong-etag', '"bad"', method='GET')
        # The other place that may have the right one.
        self.simulator.order(
            node.uri, 'merge', {'@odata.etag': '"bad"'}, method='GET'
        )
        # As a last resort any is named.
        boot()
        self.simulator.order(node.uri, 'status', 412, method='PATCH')
        self.assertRaises(exception.PodManagerError, boot)

    def test_forbidden_properties_are_not_sent(self):
        self.start('--no-tasks', systems=12)
        drives = [f'storage-{n}-1' for n in range(1, 10)]
        for blocks in (['compute-1', *drives], ['storage-1-1']):
            self.assertRaises(
                exception.NoMatch,
                self.driver.compose,
                self.request(*blocks),
                self.soon(),
                Progress(),
            )
        self.assertNotIn('Compose', self.simulator.state()['executed'])

    def test_no_preview_where_none_is_offered(self):
        """Some services compose when asked for a preview."""
        self.start('--no-tasks', '--compose-by', 'manifest', '--no-preview')
        self.driver.compose(self.request('compute-1'), self.soon(), Progress())
        self.assertEqual(
            1, self.simulator.state()['executed']['ComposeAction']
        )

    def test_a_task_that_fails(self):
        self.start()
        self.simulator.order(SYSTEMS, 'fail-task', 'No power', method='POST')
        node = self.driver.compose(
            self.request('compute-1'), self.soon(), Progress()
        )
        failure = self.assertRaises(
            exception.PodManagerError, self.settle, node.uri
        )
        self.assertIn('No power', str(failure))
        self.release(node.uri)
        self.assertEqual([], self.driver.list_nodes(self.soon()))

    def test_a_restart_forgets_the_task(self):
        self.start()
        self.simulator.options(compose_seconds=60)
        node = self.driver.compose(
            self.request('compute-1'), self.soon(), Progress()
        )
        self.simulator.control('POST', 'restart', {})
        self.assertRaises(exception.NoMatch, self.settle, node.uri)
        self.release(node.uri)

    def test_broken_links_and_failed_blocks(self):
        self.start('--no-expand')
        self.simulator.order(f'{BLOCKS}/storage-1-1$', 'status', 500)
        self.simulator.order(f'{BLOCKS}/compute-2$', 'status', 404)
        self.simulator.change(
            f'{BLOCKS}/compute-3',
            CompositionStatus={'CompositionState': 'Failed'},
        )
        seen = self.driver.discover(self.soon())
        self.assertEqual(2, len(seen.problems), seen.problems)
        self.assertIn(f'{BLOCKS}/storage-1-1', seen.unread)
        systems = {s.uri.rpartition('/')[2]: s.values for s in seen.systems}
        self.assertEqual(
            {
                'compute-1': ('free', 'ok'),
                'compute-3': ('unavailable', 'critical'),
                'compute-4': ('free', 'ok'),
            },
            {n: (v['state'], v['health']) for n, v in systems.items()},
        )

    def test_the_link_that_was_followed_counts(self):
        self.start('--no-expand')
        self.simulator.order(
            f'{BLOCKS}/compute-', 'merge', {'@odata.id': '/wrong'}
        )
        seen = self.driver.discover(self.soon())
        self.assertEqual(
            {f'{BLOCKS}/compute-{n}' for n in range(1, 5)},
            {system.uri for system in seen.systems},
        )

    def test_reservations_of_others_are_kept(self):
        self.start('--no-tasks')
        self.simulator.order(
            f'{BLOCKS}/compute-1$',
            'merge',
            {'CompositionStatus': {'Reserved': True}},
        )
        self.assertRaises(
            exception.NoMatch,
            self.driver.compose,
            self.request('compute-1'),
            self.soon(),
            Progress(),
        )


class RsdOdditiesTestCase(OdditiesTestCase):
    driver_class = RSD

    def rsd_request(self):
        (system, *_) = self.driver.discover(self.soon()).systems
        return podmanagers.ComposeRequest(MARK, 'n', {}, system.uri)

    def test_a_node_that_refuses_to_go(self):
        self.start(personality='rsd')
        node = self.driver.compose(self.rsd_request(), self.soon(), Progress())
        node = self.settle(node.uri)
        fault = self.simulator.order(node.uri, 'status', 500, method='DELETE')
        self.release(node.uri)
        self.assertEqual(1, self.simulator.struck(fault))
        self.assertEqual([], self.driver.list_nodes(self.soon()))

    def test_a_node_out_of_reach_is_not_forced(self):
        self.start(personality='rsd')
        node = self.driver.compose(self.rsd_request(), self.soon(), Progress())
        node = self.settle(node.uri)
        self.simulator.order(node.uri, 'status', 503, method='DELETE')
        self.assertRaises(
            exception.PodManagerUnavailable,
            self.driver.release,
            node.uri,
            self.soon(),
            Progress(),
        )
        self.assertEqual(1, len(self.driver.list_nodes(self.soon())))

    def test_a_refusal_names_what_was_lacking(self):
        self.start(personality='rsd')
        request = self.rsd_request()
        request = podmanagers.ComposeRequest(
            MARK,
            'n',
            {'memory': {'capacity_mib': 2**30}},
            request.system,
        )
        refusal = self.assertRaises(
            exception.NoMatch,
            self.driver.compose,
            request,
            self.soon(),
            Progress(),
        )
        self.assertIn('computer system attributes', str(refusal))


class NodeUriTestCase(base.TestCase):
    def test_a_request_is_found_again(self):
        request = podmanagers.ComposeRequest(
            MARK, 'n', {}, '/a b', ('/c&d', '/e#f')
        )
        for reserved in (False, True):
            node = node_uri.pending('/Tasks/1', request, reserved)
            known = node_uri.NodeUri.parse(node.uri)
            self.assertEqual(
                ('/Tasks/1', reserved), (known.uri, known.reserved)
            )
            found = known.request()
            self.assertEqual(
                (request.mark, request.system, request.devices),
                (found.mark, found.system, found.devices),
            )

    def test_missing_devices_are_found_again(self):
        node = hardware.ComposedNode('/1', '1', 'n', None, 'on', ('/a',))
        node = node_uri.with_missing(node, ('/a', '/b&c'))
        known = node_uri.NodeUri.parse(node.uri)
        self.assertEqual(('/1', ('/b&c',)), (known.uri, known.missing))

    def test_the_uri_of_a_complete_node_has_no_fragment(self):
        node = hardware.ComposedNode('/1', '1', 'n', None, 'on', ('/a',))
        self.assertEqual('/1', node_uri.with_missing(node, ('/a',)).uri)
        known = node_uri.NodeUri.parse('/1')
        self.assertEqual(
            ('/1', None, ()), (known.uri, known.mark, known.missing)
        )


class ValuesOfMachinesTestCase(OdditiesTestCase):
    """Values of real machines, in both protocols of systems."""

    def test_addresses_in_every_place_and_form(self):
        for cls, personality in ((Redfish, 'redfish'), (RSD, 'rsd')):
            self.driver_class = cls
            self.start(personality=personality)
            plain = self.macs()
            self.assertTrue(all(plain.values()), plain)
            for options in (
                *({'nics': place} for place in ('ports', 'functions', 'both')),
                *({'macs': form} for form in ('hyphens', 'bare', 'dots')),
            ):
                self.simulator.options(**options)
                self.assertEqual(plain, self.macs(), options)
                self.simulator.options(nics='interfaces', macs='colons')

    def macs(self):
        seen = self.driver.discover(self.soon())
        self.assertEqual([], seen.problems)
        return {
            item.uri: sorted(nic['mac'] for nic in item.values['nics'])
            for item in seen.systems
            if item.values['nics'] or item.values['type'] == 'physical'
        }

    def test_pooled_fpgas_are_allocated(self):
        self.driver_class = RSD
        self.start('--fpgas', '2', personality='rsd')
        seen = self.driver.discover(self.soon())
        fpgas = [d for d in seen.devices if d.values['type'] == 'fpga']
        drives = [d for d in seen.devices if d.values['type'] == 'drive']
        self.assertEqual(2, len(fpgas))
        uris = (fpgas[0].uri, drives[0].uri)
        request = podmanagers.ComposeRequest(
            MARK, 'n', {}, seen.systems[0].uri, uris
        )
        node = self.driver.compose(request, self.soon(), Progress())
        node = self.settle(node.uri)
        self.assertLessEqual({*uris, seen.systems[0].uri}, {*node.resources})
        seen = self.driver.discover(self.soon())
        states = {d.uri: d.values['state'] for d in seen.devices}
        self.assertEqual(['used'] * 2, [states[uri] for uri in uris])
        self.assertEqual('free', states[fpgas[1].uri])

    def test_accelerators_in_systems_are_allocated(self):
        self.driver_class = RSD
        self.start('--kinds', 'fpga', 'accelerated', personality='rsd')
        seen = self.driver.discover(self.soon())
        for system, kind in zip(seen.systems, ('fpga', 'gpu'), strict=False):
            (found,) = system.values['accelerators']
            self.assertEqual(kind, found['type'])
            request = podmanagers.ComposeRequest(
                MARK, kind, {'pci_devices': [{'type': kind}]}, system.uri
            )
            begun = self.driver.compose(request, self.soon(), Progress())
            node = self.settle(begun.uri)
            self.assertIn(system.uri, node.resources)
            self.assertTrue(
                [uri for uri in node.resources if '/Processors/' in uri]
            )
            self.release(node.uri)

    def test_logical_drives_are_attached(self):
        self.driver_class = RSD
        self.start('--rsd-version', '2.1', personality='rsd')
        seen = self.driver.discover(self.soon())
        volumes = [d for d in seen.devices if d.values['type'] == 'volume']
        self.assertTrue(volumes)
        uri = next(d.uri for d in volumes if d.values['state'] == 'free')
        request = podmanagers.ComposeRequest(
            MARK, 'n', {}, seen.systems[0].uri
        )
        node = self.driver.compose(request, self.soon(), Progress())
        node = self.settle(node.uri)
        self.driver.attach(node.uri, uri, self.soon(), Progress())
        seen = self.driver.discover(self.soon())
        states = {d.uri: d.values['state'] for d in seen.devices}
        self.assertEqual('used', states[uri])
