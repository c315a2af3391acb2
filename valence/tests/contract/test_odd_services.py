# SPDX-License-Identifier: Apache-2.0
"""Services that are disabled, busy, or lack what others have."""

import threading

from valence.common import exception
from valence.podmanagers import loader
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link


class ServiceTestCase(odd.OddCase):
    def test_no_composition_service(self):
        del self.pages[ROOT]['CompositionService']
        failure = self.assertRaises(
            exception.NotAPodManager,
            loader.recognize,
            self.connection,
            self.soon(),
        )
        self.assertIn('no driver of expether, redfish, rsd', str(failure))
        self.assertIn('"driver": "redfish"', str(failure))

    def test_a_root_that_fails(self):
        """That says nothing of what the service is."""
        for status in (408, 429, 500, 502, 503, 504):
            self.pages[ROOT] = Reply(status)
            for call in (
                self.driver.probe,
                lambda deadline: loader.recognize(self.connection, deadline),
            ):
                failure = self.assertRaises(
                    exception.PodManagerError, call, self.soon()
                )
                self.assertNotIsInstance(failure, exception.NotAPodManager)
                self.assertIn(str(status), str(failure))

    def test_broken_optional_services(self):
        """Each costs itself only; the pod manager is online."""
        for name in ('EventService', 'TaskService', 'Chassis'):
            uri = f'{ROOT}/{name}'
            self.pages[ROOT][name] = link(uri)
            for status in (403, 404, 500, 503, 504):
                self.pages[uri] = Reply(status, Retry_After='0')
                found = self.driver.probe(self.soon()).capabilities
                self.assertIn('compose', found)
                problems = ['Chassis'] if name == 'Chassis' else []
                self.assertBlocks(self.discover(*problems))
            del self.pages[ROOT][name]

    def test_broken_composition_service(self):
        for status in (403, 404, 500, 503, 504):
            self.pages[odd.SERVICE] = Reply(status, Retry_After='0')
            found = self.driver.probe(self.soon()).capabilities
            self.assertNotIn('compose', found)
            seen = self.discover(odd.SERVICE)
            self.assertEqual({f'{odd.SERVICE}/'}, seen.unread)

    def test_a_service_that_is_off(self):
        for value in (False, 'false'):
            self.pages[odd.SERVICE]['ServiceEnabled'] = value
            probe = self.driver.probe(self.soon())
            self.assertNotIn('compose', probe.capabilities)
            self.assertBlocks(self.discover())
        self.assertEqual(
            'redfish', loader.recognize(self.connection, self.soon())
        )

    def test_an_event_service_that_says_no(self):
        service = f'{ROOT}/EventService'
        self.pages[ROOT]['EventService'] = link(service)
        replies = [Reply(status) for status in (200, 401, 403, 404, 500, 501)]
        for reply in (*replies, Reply(200, b'<html>')):
            self.pages[service] = reply
            found = self.driver.probe(self.soon()).capabilities
            self.assertIn('compose', found)
            self.assertNotIn('event_stream', found)
            refusal = self.assertRaises(
                exception.RequestRejected, self.driver.listen, self.soon()
            )
            self.assertIn('no event stream', str(refusal))

    def test_zones_without_anything(self):
        self.pages[odd.SERVICE]['ResourceZones'] = link(f'{odd.SERVICE}/Zones')
        self.pages[f'{odd.SERVICE}/Zones'] = odd_service.collection()
        self.assertBlocks(self.discover())
        self.assertLife()

    def test_an_action_without_a_target(self):
        self.pages[odd.SERVICE]['Actions'] = {
            '#CompositionService.Compose': {}
        }
        self.assertLife()

    def test_blocks_that_are_reserved(self):
        self.pages[f'{BLOCKS}/disk'].update(ReservationId='1', Pool='Free')
        self.pages[f'{BLOCKS}/disk']['CompositionStatus']['Reserved'] = 'true'
        (disk,) = self.discover().devices
        self.assertEqual('used', disk.values['state'])

    def test_limits(self):
        limits = {'@Redfish.ResourceBlockLimits': {'MaxStorage': 0}}
        self.pages['/capabilities'] = limits
        self.pages[SYSTEMS]['@Redfish.CollectionCapabilities'] = {
            'Capabilities': [
                {
                    'CapabilitiesObject': link('/capabilities'),
                    'UseCase': 'ComputerSystemComposition',
                    'Links': {'TargetCollection': link(SYSTEMS)},
                }
            ]
        }
        refusal = self.assertRaises(exception.NoMatch, self.assertLife)
        self.assertIn('at most 0 Storage blocks', str(refusal))
        self.assertNotIn(f'POST {SYSTEMS}', self.service.asked)

    def test_one_that_dies_while_it_is_read(self):
        uris = [f'{SYSTEMS}/{n}' for n in range(100)]
        self.pages[SYSTEMS] = odd_service.collection(*uris)
        for uri in uris:
            self.pages[uri] = {'Id': '1', 'Memory': link(f'{uri}/Memory')}
        for below in ('', '/1'):
            for uri in uris:
                self.pages[f'{uri}/Memory'] = odd_service.collection(
                    f'{uri}/Memory/1'
                )
                self.pages[f'{uri}/Memory{below}'] = Reply(502)
            failure = self.assertRaises(
                exception.PodManagerUnavailable,
                self.driver.discover,
                self.soon(),
            )
            self.assertIn('the service stopped responding: ', str(failure))


class CrowdedTestCase(odd.OddCase):
    """Services that accept few requests at once, and say so."""

    def setUp(self):
        super().setUp()
        self.refused = 0
        self.systems = [f'{SYSTEMS}/{n}' for n in range(40)]
        self.pages[SYSTEMS] = odd_service.collection(*self.systems)
        for uri in self.systems:
            self.pages[uri] = {'Id': '1', 'Memory': link(f'{uri}/Memory')}
            memory = f'{uri}/Memory/1'
            self.pages[f'{uri}/Memory'] = odd_service.collection(memory)
            self.pages[memory] = {'CapacityMiB': 1024}

    def bear(self, most, status):
        places = threading.Semaphore(most)
        crowded = threading.Event()
        answer = self.service.answer

        def answer_few(handler):
            if not places.acquire(blocking=False):
                self.refused += 1
                crowded.set()
                handler.send_response(status)
                handler.send_header('Retry-After', '0')
                handler.send_header('content-length', '0')
                handler.end_headers()
                return
            try:
                # Let other requests arrive meanwhile.
                crowded.wait(0.01)
                crowded.clear()
                answer(handler)
                handler.wfile.flush()
            finally:
                places.release()

        self.service.answer = answer_few

    def test_few_at_once(self):
        for most, status in ((4, 503), (1, 429)):
            there = self.useFixture(odd_service.OddService())
            there.pages.update(self.pages)
            self.service, self.refused = there, 0
            self.bear(most, status)
            self.connect()
            memory = {
                item.uri: item.values['memory_mib']
                for item in self.discover().systems
            }
            self.assertEqual(1024, min(memory[uri] for uri in self.systems))
            # Once the limit is known, it is not exceeded again.
            self.assertIn(self.refused, range(1, len(self.systems)))

    def test_one_resource_that_is_always_refused(self):
        self.pages[f'{self.systems[7]}/Memory'] = Reply(503, Retry_After='0')
        seen = self.discover('503')
        self.assertEqual(
            [self.systems[7]],
            [item.uri for item in seen.systems if item.unknown],
        )

    def test_expanded_members_are_read_one_by_one(self):
        expands = {'ExpandQuery': {'NoLinks': True}}
        self.pages[ROOT]['ProtocolFeaturesSupported'] = expands
        query = f'{SYSTEMS}?$expand=.($levels=1)'
        replies = [Reply(503, Retry_After='0')]
        self.pages[query] = lambda body, headers: (
            replies.pop() if replies else self.pages[SYSTEMS]
        )
        self.discover()
        self.assertEqual(2, self.service.asked.count(f'GET {query}'))
