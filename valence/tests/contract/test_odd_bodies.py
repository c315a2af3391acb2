# SPDX-License-Identifier: Apache-2.0
"""Bodies and headers as odd as were seen."""

import json

from valence.common import exception
from valence.podmanagers.redfish import events
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link


class BodiesTestCase(odd.OddCase):
    def test_names_of_any_length_in_any_script(self):
        self.pages[f'{BLOCKS}/disk']['Name'] = 'ü\U0001f680' * 5000
        self.pages[f'{BLOCKS}/host']['Name'] = None
        seen = self.discover()
        self.assertEqual(
            'ü\U0001f680' * 127 + 'ü', seen.devices[0].values['name']
        )
        self.assertEqual('host', seen.systems[0].values['name'])

    def test_counts_that_are_null(self):
        self.pages['/m'] = {'CapacityMiB': None}
        self.pages['/p'] = {'TotalCores': None, 'Status': None}
        self.pages[f'{BLOCKS}/host'].update(
            {
                'Status': None,
                'Memory': [link('/m')],
                'Processors': [link('/p')],
            }
        )
        values = self.discover().systems[0].values
        self.assertEqual(
            (0, 0, 1, 'unknown', 'free'),
            (
                values['memory_mib'],
                values['cpu_cores'],
                values['cpu_sockets'],
                values['health'],
                values['state'],
            ),
        )

    def test_json_by_another_name(self):
        for kind in ('text/html', 'application/octet-stream'):
            page = self.pages[f'{BLOCKS}/disk']
            page = page if isinstance(page, dict) else page.body
            self.pages[f'{BLOCKS}/disk'] = Reply(200, page, content_type=kind)
            self.assertBlocks(self.discover())

    def test_not_json(self):
        for body in (b'7', b'null', b'"x"', b'<html></html>', b'{"a":', b'[]'):
            self.pages[f'{BLOCKS}/disk'] = Reply(
                200, body, content_type='application/json'
            )
            self.assertBlocks(self.discover('disk'), devices=())

    def test_json_that_cannot_be_kept(self):
        for value, reason in (
            (b'NaN', 'NaN is no number'),
            (b'-Infinity', '-Infinity is no number'),
            (b'1e999', 'Out of range'),
            (b'9' * 5000, 'more than 300 digits'),
            (b'[' * 64 + b']' * 64, 'deeper than 64'),
            (b'[' * 1000 + b']' * 1000, 'nested'),
            (b'[' * 100000, 'nested'),
        ):
            self.pages[f'{BLOCKS}/disk'] = Reply(
                200, b'{"Id": "1", "X": ' + value + b'}'
            )
            seen = self.discover('disk')
            self.assertBlocks(seen, devices=())
            self.assertIn(reason, seen.problems[0])

    def test_json_that_is_mended(self):
        for path, page in list(self.pages.items()):
            if ' ' not in path:
                body = b'\xef\xbb\xbf' + json.dumps(page).encode()
                self.pages[path] = Reply(200, body)
        self.pages[f'{BLOCKS}/disk'] = Reply(
            200,
            b'{"Name": "a\\ud800", "b\\udfff": "\\ud83d\\ude00", '
            b'"ResourceBlockType": ["Storage"]}',
        )
        (disk,) = self.discover().devices
        self.assertEqual('a?', disk.values['name'])
        self.assertEqual('\U0001f600', disk.properties['b?'])

    def test_not_a_resource(self):
        error = {'error': {'message': 'starting up'}}
        for body in (None, {}, error, {**error, '@odata.id': '/x'}):
            self.pages[f'{BLOCKS}/disk'] = Reply(200, body)
            self.pages[SYSTEMS] = Reply(200, body)
            seen = self.discover(f'{BLOCKS}/disk', SYSTEMS)
            self.assertBlocks(seen, devices=())
            self.assertLessEqual(
                {f'{BLOCKS}/disk', f'{SYSTEMS}/'}, seen.unread
            )
        self.assertIn('starting up', seen.problems[0])

    def test_collections_without_members(self):
        for members in (None, {}, 'none'):
            self.pages[BLOCKS] = {'Name': 'Blocks', 'Members': members}
            seen = self.discover('no members')
            self.assertEqual({f'{BLOCKS}/'}, seen.unread)

    def test_systems_that_list_nothing(self):
        self.pages[SYSTEMS] = {'Members@odata.count': 0}
        self.assertBlocks(self.discover())
        self.assertEqual([], self.driver.list_nodes(self.soon()))
        self.pages[SYSTEMS] = {'Members@odata.count': 20}
        seen = self.discover('no members, but counts 20')
        self.assertBlocks(seen)
        self.assertEqual({f'{SYSTEMS}/'}, seen.unread)
        self.assertRaises(
            exception.PodManagerUnavailable,
            self.driver.list_nodes,
            self.soon(),
        )

    def test_lower_case_headers(self):
        self.pages[f'POST {SYSTEMS}'] = lambda body, headers: (
            self.service.made(body)
            or Reply(201, None, location=f'{SYSTEMS}/1')
        )
        self.assertLife()

    def test_events_of_any_form(self):
        uri = f'{SYSTEMS}/1'
        for body, uris in (
            ({'Events': [{'OriginOfCondition': link(uri)}]}, (uri,)),
            ({'Events': [{'OriginOfCondition': uri}]}, (uri,)),
            ({'OriginOfCondition': uri, 'EventTimestamp': ''}, (uri,)),
            ({'Events': [{'OriginOfCondition': f'https://x{uri}'}]}, (uri,)),
            ({'Events': [{'OriginOfCondition': None}]}, ()),
            ({'Events': [{'OriginOfCondition': f'{uri}#/Status'}]}, (uri,)),
            ({'Events': [{'OriginOfCondition': f'{uri}?x=1'}]}, (uri,)),
            ({'Events': [{'OriginOfCondition': f'{uri[:-1]}%31'}]}, (uri,)),
            ({}, ()),
        ):
            change = events.parse(body)
            self.assertEqual(uris, change.uris, body)
            self.assertFalse(change.nothing, body)

    def test_events_about_nothing_in_the_inventory(self):
        task = {'MessageId': 'TaskEvent.1.0.TaskProgressChanged'}
        uri = f'{SYSTEMS}/1'
        for body in (
            {'Events': []},
            {'Events': [task]},
            {'MessageId': 'HeartbeatEvent.1.0.RedfishServiceFunctional'},
            {'@odata.type': '#MetricReport.v1_4_2.MetricReport', 'Id': 'x'},
            {'MetricValues': []},
            {'Events': [{'OriginOfCondition': '/redfish/v1/Tasks/1'}]},
        ):
            self.assertTrue(events.parse(body).nothing, body)
        body = {'Events': [task, {'OriginOfCondition': uri}]}
        self.assertEqual((uri,), events.parse(body).uris)


class OldHttpTestCase(odd.OddCase):
    """HTTP/1.0: the connection ends with every response."""

    def setUp(self):
        self.patch_protocol()
        super().setUp()

    def patch_protocol(self):
        kept = odd_service.OddService.protocol
        odd_service.OddService.protocol = 'HTTP/1.0'
        self.addCleanup(setattr, odd_service.OddService, 'protocol', kept)

    def test_it(self):
        self.assertBlocks(self.discover())
        self.assertLife()
