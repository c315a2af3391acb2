# SPDX-License-Identifier: Apache-2.0
"""A service that sends more than anyone can use, or is where it may not be."""

import gzip
import json
from concurrent import futures

import orjson
from fixtures import MonkeyPatch
from oslo_config import cfg

from valence.common import exception
from valence.podmanagers import trimming
from valence.podmanagers.redfish import crawler
from valence.podmanagers.wire import networks
from valence.tests.contract import odd
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import collection
from valence.tests.fixtures.odd_service import link


class HostileCase(odd.OddCase):
    def configure(self, **options):
        for name, value in options.items():
            cfg.CONF.set_override(name, value, 'podm')
            self.addCleanup(cfg.CONF.clear_override, name, 'podm')

    def add_systems(self, count, **properties):
        uris = [f'{SYSTEMS}/{n}' for n in range(count)]
        self.pages[SYSTEMS] = collection(*uris)
        for uri in uris:
            self.pages[uri] = {
                **link(uri),
                'Name': 'a system',
                'SystemType': 'Physical',
                'UUID': '0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a',
                **properties,
            }
        return uris


class TestBudget(HostileCase):
    def assertStopped(self, words):
        """Some systems were read; of the others nothing is said."""
        seen = self.driver.discover(self.soon())
        self.assertIn(words, seen.problems[0])
        self.assertEqual(
            [], [text for text in seen.problems[1:] if words in text]
        )
        known = {item.uri for item in (*seen.systems, *seen.devices)}
        wanted = {uri for uri in self.pages if uri.startswith(f'{SYSTEMS}/')}
        self.assertLess(len(known & wanted), len(wanted))
        self.assertEqual(set(), wanted - known - seen.unread)
        return seen

    def test_bytes(self):
        self.configure(max_reading_bytes=300000)
        self.add_systems(20, Oem={'x': 'y' * 50000})
        seen = self.assertStopped('300000 bytes ([podm] max_reading_bytes)')
        self.assertTrue(seen.systems)

    def test_values(self):
        self.configure(max_reading_values=20000)
        self.add_systems(20, Oem={'x': [[]] * 2000})
        self.assertStopped('20000 values ([podm] max_reading_values)')

    def test_requests(self):
        self.configure(max_reading_requests=12)
        self.add_systems(20)
        self.assertStopped('12 requests ([podm] max_reading_requests)')
        self.assertLessEqual(len(self.service.asked), 12)

    def test_each_call_has_its_own(self):
        self.configure(max_reading_requests=10)
        for _ in range(3):
            self.assertBlocks(self.discover())

    def test_members_without_end(self):
        cfg.CONF.set_override('max_members', 20, 'redfish')
        self.addCleanup(cfg.CONF.clear_override, 'max_members', 'redfish')
        self.pages[SYSTEMS] = collection(*(f'/x/{n}' for n in range(1000)))
        seen = self.driver.discover(self.soon())
        self.assertIn(f'{SYSTEMS}/', seen.unread)
        self.assertIn('too many members', ' '.join(seen.problems))
        self.assertLess(len(self.service.asked), 40)

    def test_few_requests_wait_for_a_thread(self):
        """Each takes memory, and a collection may have many members."""
        at_once = 5
        self.useFixture(MonkeyPatch(f'{crawler.__name__}._AT_ONCE', at_once))
        waiting = []
        submit = futures.ThreadPoolExecutor.submit

        def counted(pool, *args):
            waiting.append(pool._work_queue.qsize())
            return submit(pool, *args)

        self.useFixture(
            MonkeyPatch(
                'concurrent.futures.ThreadPoolExecutor.submit', counted
            )
        )
        uris = self.add_systems(30, Processors=link('/none'))
        seen = self.driver.discover(self.soon())
        self.assertLessEqual({*uris}, {item.uri for item in seen.systems})
        self.assertLess(max(waiting), at_once)

    def test_a_single_response_of_many_values(self):
        self.pages[f'{BLOCKS}/disk']['Oem'] = [[]] * 1_000_000
        self.assertBlocks(
            self.discover('more than 1000000 values'), devices=()
        )

    def test_a_response_that_grows_when_it_is_decompressed(self):
        content = json.dumps({'Name': 'x', 'Oem': 'y' * 2**25}).encode()
        self.pages[f'{BLOCKS}/disk'] = Reply(
            200, gzip.compress(content), Content_Encoding='gzip'
        )
        self.assertBlocks(self.discover('larger than'), devices=())


class TestProperties(HostileCase):
    def test_the_largest_are_left_out(self):
        self.add_systems(3, Oem={'x': 'y' * 3_000_000}, Big=[1] * 9000)
        seen = self.driver.discover(self.soon())
        self.assertEqual(3, len(seen.systems) - 1)
        for item in seen.systems[1:]:
            kept = item.properties
            self.assertLess(
                len(orjson.dumps(kept)), cfg.CONF.podm.max_properties_bytes
            )
            self.assertEqual(['Oem'], kept[trimming.OMITTED])
            self.assertEqual('a system', item.values['name'])
        self.assertIn('too large, not kept: Oem', seen.problems[0])

    def test_text_is_cut(self):
        self.pages[f'{BLOCKS}/disk']['Description'] = 'x' * 1_000_000
        seen = self.discover()
        self.assertEqual('x' * 4096, seen.devices[0].properties['Description'])

    def test_names_without_end(self):
        many = {f'{n}' + 'x' * 1000: [n] for n in range(300)}
        trimmed = trimming.trim({'Name': 'x', **many})
        self.assertLess(
            len(orjson.dumps(trimmed)), cfg.CONF.podm.max_properties_bytes
        )
        self.assertIn(trimming.MORE, trimmed[trimming.OMITTED])

    def test_omitted_members_are_not_taken_for_empty(self):
        chassis = f'{ROOT}/Chassis/1'
        [uri] = self.add_systems(
            1, Links={'Chassis': [link(chassis)], 'Oem': ['x' * 1000] * 100}
        )
        seen = self.driver.discover(self.soon())
        [system] = [item for item in seen.systems if item.uri == uri]
        self.assertIsNone(system.parent)
        self.assertIn('parent', system.unknown)

    def test_more_parts_than_a_system_has(self):
        uris = [f'/drives/{n}' for n in range(1100)]
        for uri in uris:
            self.pages[uri] = {**link(uri), 'Name': 'd', 'CapacityBytes': 1}
        self.pages['/nics'] = collection(*uris)
        [uri] = self.add_systems(1, EthernetInterfaces=link('/nics'))
        seen = self.driver.discover(self.soon())
        [system] = [item for item in seen.systems if item.uri == uri]
        self.assertEqual(1024, len(system.values['nics']))
        self.assertIn('nics', system.unknown)
        self.assertIn('more than 1024 EthernetInterfaces', seen.problems[0])


class TestNetworks(HostileCase):
    def assertRefused(self, *words):
        error = self.assertRaises(
            exception.NotSent, self.driver.probe, self.soon()
        )
        for word in words:
            self.assertIn(word, str(error))
        self.assertEqual([], self.service.asked)

    def allow(self, *texts):
        self.configure(allowed_networks=list(texts))

    def test_an_address_outside(self):
        self.allow('192.0.2.0/24', '2001:db8::/32')
        self.assertRefused('127.0.0.1', '[podm] allowed_networks')

    def test_an_address_inside(self):
        self.allow('192.0.2.0/24', '127.0.0.0/8')
        self.assertBlocks(self.discover())

    def test_a_name_of_an_address_outside(self):
        self.allow('192.0.2.0/24')
        for host in ('localhost', '2130706433', '0x7f.1'):
            url = self.connection.url.replace('127.0.0.1', host)
            self.driver = type(self.driver)(odd.podmanagers.Connection(url))
            self.addCleanup(self.driver.close)
            self.assertRefused(f'of {host}')

    def test_a_name_is_resolved_again_for_each_connection(self):
        self.allow('127.0.0.0/8')
        url = self.connection.url.replace('127.0.0.1', 'localhost')
        self.driver = type(self.driver)(odd.podmanagers.Connection(url))
        self.addCleanup(self.driver.close)
        self.assertBlocks(self.discover())
        self.allow('192.0.2.0/24')
        self.service.asked.clear()
        self.driver = type(self.driver)(odd.podmanagers.Connection(url))
        self.addCleanup(self.driver.close)
        self.assertRefused('of localhost')

    def test_ipv4_within_ipv6(self):
        self.allow('192.0.2.0/24')
        for text, allowed in (
            ('::ffff:192.0.2.1', True),
            ('::ffff:127.0.0.1', False),
            ('2001:db8::1', False),
        ):
            address = networks.literal(text)
            self.assertEqual(allowed, networks.allows(address), text)
