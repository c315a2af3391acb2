# SPDX-License-Identifier: Apache-2.0
"""Endpoints as strange as were ever seen, each oddity by itself."""

import json
import threading
import time

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers import base as podmanagers
from valence.podmanagers import loader
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.redfish import events
from valence.podmanagers.rsd.driver import RSD
from valence.tests import base
from valence.tests.fixtures import stranger
from valence.tests.fixtures.stranger import BLOCKS
from valence.tests.fixtures.stranger import ROOT
from valence.tests.fixtures.stranger import SYSTEMS
from valence.tests.fixtures.stranger import Reply
from valence.tests.fixtures.stranger import block
from valence.tests.fixtures.stranger import link

MARK = Mark('0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a', '0123456789ab')
SERVICE = f'{ROOT}/CompositionService'
TASK = f'{ROOT}/TaskService/TaskMonitors/1'


class StrangerCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.there = self.useFixture(stranger.Stranger())
        self.pages = self.there.pages
        self.connect()

    def connect(self, path='', **login):
        self.connection = podmanagers.Connection(
            self.there.url + path, **login
        )
        self.driver = Redfish(self.connection)
        self.addCleanup(self.driver.close)

    def soon(self):
        return podmanagers.Deadline(20)

    def discover(self, *problems):
        """What is read; each problem has to name one of the words."""
        seen = self.driver.discover(self.soon())
        self.assertEqual(len(problems), len(seen.problems), seen.problems)
        for word, said in zip(problems, sorted(seen.problems), strict=True):
            self.assertIn(word, said)
        return seen

    def assertBlocks(self, seen, *names, devices=('disk',)):
        self.assertEqual(
            [f'{BLOCKS}/{n}' for n in names or ('host',)],
            [s.uri for s in seen.systems],
        )
        self.assertEqual(
            [f'{BLOCKS}/{n}' for n in devices], [d.uri for d in seen.devices]
        )

    def patiently(self, call):
        end = time.monotonic() + 20
        while True:
            try:
                return call()
            except podmanagers.InProgress:
                self.assertLess(time.monotonic(), end, 'it never settled')
                time.sleep(0.02)

    def assertLife(self):
        """A node is composed, found and taken apart."""
        request = podmanagers.ComposeRequest(
            MARK, 'n', {}, f'{BLOCKS}/host', (f'{BLOCKS}/disk',)
        )
        begun = self.driver.compose(request, self.soon())
        node = self.patiently(
            lambda: self.driver.poll_compose(
                begun.uri, self.soon(), podmanagers.Progress()
            )
        )
        self.assertEqual((f'{SYSTEMS}/1', MARK), (node.uri, node.mark))
        found = self.driver.find_composed(request, self.soon())
        self.assertEqual(node.uri, found.uri)
        self.driver.release(node.uri, self.soon(), podmanagers.Progress())
        self.assertEqual([], self.driver.list_nodes(self.soon()))


class LinksTestCase(StrangerCase):
    def test_nothing_odd(self):
        self.assertBlocks(self.discover())
        self.assertLife()

    def test_absolute_links(self):
        host = 'https://podm.internal:8443'
        self.pages[ROOT]['Systems'] = link(host + SYSTEMS)
        self.pages[SERVICE]['ResourceBlocks'] = link(host + BLOCKS)
        self.pages[BLOCKS] = stranger.collection(
            f'{host}{BLOCKS}/host', f'{host}{BLOCKS}/disk'
        )
        self.assertBlocks(self.discover())
        self.assertLife()

    def test_members_that_are_mere_strings(self):
        # The last has what would mark an expanded member.
        self.pages[BLOCKS] = {
            'Members': [f'{BLOCKS}/host', f'{BLOCKS}/disk', f'{BLOCKS}/Id']
        }
        self.pages[f'{BLOCKS}/Id'] = block('Id', 'Storage')
        self.assertBlocks(self.discover(), devices=('disk', 'Id'))

    def test_members_that_are_nonsense(self):
        self.pages[BLOCKS]['Members'] += [None, 7, {}, [], link(None)]
        self.pages[BLOCKS]['Members'] += [link(f'{BLOCKS}/host')]
        self.pages[BLOCKS]['Members@odata.count'] = 2
        self.assertBlocks(self.discover())

    def test_a_collection_that_is_a_list(self):
        self.pages[BLOCKS] = [link(f'{BLOCKS}/host')]
        seen = self.discover('not a JSON object')
        self.assertEqual([], seen.systems)
        self.assertIn(f'{BLOCKS}/', seen.unread)

    def test_members_on_further_pages(self):
        query = '?$skip=1&page=2'
        for origin in ('', 'http://podm.internal'):
            self.pages[BLOCKS] = {
                **stranger.collection(f'{BLOCKS}/host'),
                'Members@odata.nextLink': f'{origin}{BLOCKS}{query}',
            }
            self.pages[BLOCKS + query] = stranger.collection(f'{BLOCKS}/disk')
            self.assertBlocks(self.discover())

    def test_pages_that_lead_in_a_circle(self):
        self.pages[BLOCKS]['Members@odata.nextLink'] = f'{BLOCKS}?2'
        self.pages[f'{BLOCKS}?2'] = self.pages[BLOCKS]
        self.assertBlocks(self.discover())

    def test_further_pages_as_seen_from_the_first(self):
        self.pages[f'{BLOCKS}?$skip=1'] = stranger.collection(f'{BLOCKS}/disk')
        for following in (
            '?$skip=1',
            'ResourceBlocks?$skip=1',
            link(f'{BLOCKS}?$skip=1'),
        ):
            self.pages[BLOCKS] = {
                **stranger.collection(f'{BLOCKS}/host'),
                'Members@odata.nextLink': following,
            }
            self.assertBlocks(self.discover())

    def test_pages_without_end(self):
        for n in range(100):
            self.pages[f'{BLOCKS}?{n}'] = {
                **self.pages[BLOCKS],
                'Members@odata.nextLink': f'{BLOCKS}?{n + 1}',
            }
        self.pages[BLOCKS] = self.pages[f'{BLOCKS}?0']
        self.assertBlocks(self.discover('nothing new'))
        self.assertIn(f'GET {BLOCKS}?1', self.there.asked)
        self.assertNotIn(f'GET {BLOCKS}?2', self.there.asked)

    def test_members_that_are_not_the_whole(self):
        """Those that are have more than their names, and were asked for."""
        query = '?$expand=.($levels=1)'
        for uri in (SYSTEMS, f'{ROOT}/Chassis'):
            self.pages[uri + query] = self.pages[uri]
        host, disk = (self.pages[f'{BLOCKS}/{n}'] for n in ('host', 'disk'))
        host['Manufacturer'] = 'Maker'
        kind = {'@odata.type': '#ResourceBlock.v1_4_3.ResourceBlock'}
        some = {'@odata.id': host['@odata.id'], 'Id': 'host', 'Name': 'host'}
        whole = {**host, **kind}
        for expand, member, reads in (
            (False, some, True),
            (False, whole, True),
            (True, some, True),
            (True, {**some, **kind}, True),
            (True, whole, False),
        ):
            self.pages[ROOT]['ProtocolFeaturesSupported'] = {
                'ExpandQuery': {'NoLinks': expand}
            }
            self.pages[BLOCKS] = {'Members': [member, disk]}
            self.pages[BLOCKS + query] = self.pages[BLOCKS]
            del self.there.asked[:]
            seen = self.discover()
            self.assertBlocks(seen)
            self.assertEqual('Maker', seen.systems[0].values['manufacturer'])
            read = f'GET {BLOCKS}/host' in self.there.asked
            self.assertEqual(reads, read, member)

    def test_slashes_everywhere(self):
        for path in [path for path in self.pages if ' ' not in path]:
            page = self.pages.pop(path)
            self.pages[f'{path}/'] = page
        self.assertBlocks(self.discover())

    def test_a_base_path_that_links_do_not_have(self):
        for path in list(self.pages):
            method, _, rest = path.rpartition(' ')
            prefixed = f'{method} /gate{rest}'.strip()
            self.pages[prefixed] = self.pages[path]
            if path in (ROOT, BLOCKS):
                del self.pages[path]
        self.connect('/gate')
        self.assertBlocks(self.discover())

    def test_a_root_that_redirects(self):
        self.pages[f'{ROOT}/'] = self.pages.pop(ROOT)
        for target in (f'{ROOT}/', f'{self.there.url}{ROOT}/', 'v1/'):
            self.pages[ROOT] = Reply(308, None, Location=target)
            self.assertBlocks(self.discover())

    def test_http_that_redirects_to_https(self):
        self.pages[ROOT] = Reply(301, None, Location=f'https://podm{ROOT}')
        failure = self.assertRaises(
            exception.PodManagerUnavailable, self.driver.probe, self.soon()
        )
        self.assertIn(f'https://podm{ROOT}', str(failure))

    def test_ids_of_any_kind(self):
        for name in ('host', 'disk'):
            page = self.pages[f'{BLOCKS}/{name}']
            page.update({'Id': 7, '@odata.id': '/wrong', '@odata.type': 'R'})
        self.assertBlocks(self.discover())

    def test_dead_links_in_the_middle(self):
        self.pages[f'{BLOCKS}/disk'] = Reply(404)
        self.pages[f'{BLOCKS}/host']['Processors'] = [
            link('/nowhere'),
            link('/broken'),
        ]
        self.pages['/broken'] = Reply(500, b'<html>')
        seen = self.discover('/broken', '/nowhere', 'disk')
        self.assertBlocks(seen, devices=())

    def test_parts_of_blocks_that_cannot_be_read(self):
        self.pages['/broken'] = Reply(500)
        host = self.pages[f'{BLOCKS}/host']
        host.update(Memory=[link('/broken'), link('/nowhere')])
        self.pages['/store'] = {'Id': 's', 'Drives': [link('/broken')]}
        self.pages[f'{BLOCKS}/disk']['Storage'] = [link('/store')]
        seen = self.discover('/broken', '/nowhere')
        self.assertEqual(
            {'memory_mib', 'memory_type'}, seen.systems[0].unknown
        )
        self.assertIn('capacity_gib', seen.devices[0].unknown)
        # What the block is part of, or is.
        host.update(Memory=[], Links={'ComputerSystems': [link('/broken')]})
        seen = self.discover('/broken')
        self.assertEqual(
            {'power_state', 'hardware_uuid', 'state'}, seen.systems[0].unknown
        )
        host.update(ComputerSystems=[link('/broken')])
        self.assertIn('cpu_cores', self.discover('/broken').systems[0].unknown)

    def test_links_that_are_none(self):
        strange = ('http://[::1/redfish', '//[zz]/x', '/a\0b', '/a\nb', '')
        self.pages[f'{BLOCKS}/host'].update(
            Memory=[link(uri) for uri in strange],
            Links={'Chassis': [link(uri) for uri in strange]},
        )
        (host,) = self.discover().systems
        self.assertIsNone(host.parent)
        self.pages[f'{BLOCKS}/host'] = Reply(
            302, None, Location='http://[::1/redfish'
        )
        self.discover('host')
        for uri in strange:
            event = {'OriginOfCondition': link(uri)}
            self.assertEqual((), events.parse(event).uris)

    def test_links_that_are_too_long(self):
        fits = f'{BLOCKS}/'.ljust(2048, 'x')
        for uri in (fits, f'{fits}x'):
            self.pages[uri] = block('x', 'Storage')
            self.pages[BLOCKS]['Members'].append(link(uri))
        self.assertBlocks(
            self.discover('longer than 2048'),
            devices=('disk', fits.removeprefix(f'{BLOCKS}/')),
        )

    def test_links_that_lead_in_a_circle(self):
        self.pages[f'{ROOT}/Chassis'] = stranger.collection('/c1', '/c2')
        for one, other in (('/c1', '/c2'), ('/c2', '/c1')):
            self.pages[one] = {
                'Links': {'ContainedBy': link(other), 'Contains': [link(one)]}
            }
        seen = self.discover()
        self.assertEqual(
            [('/c1', '/c2'), ('/c2', '/c1')],
            [(c.uri, c.parent) for c in seen.chassis],
        )


class BodiesTestCase(StrangerCase):
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

    def test_what_is_no_json(self):
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
            200, b'{"Name": "a\\ud800", "b\\udfff": "\\ud83d\\ude00"}'
        )
        (disk,) = self.discover().devices
        self.assertEqual('a?', disk.values['name'])
        self.assertEqual({'Name': 'a?', 'b?': '\U0001f600'}, disk.properties)

    def test_what_is_no_resource(self):
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
        self.pages[SYSTEMS] = {'Members@odata.count': 20}
        self.assertBlocks(self.discover())
        self.assertEqual([], self.driver.list_nodes(self.soon()))

    def test_lower_case_headers(self):
        self.pages[f'POST {SYSTEMS}'] = lambda body, headers: (
            self.there.made(body) or Reply(201, None, location=f'{SYSTEMS}/1')
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
            ({'Events': []}, ()),
            (
                {'MessageId': 'HeartbeatEvent.1.0.RedfishServiceFunctional'},
                ('/redfish/v1/EventService',),
            ),
        ):
            self.assertEqual(uris, events.parse(body).uris, body)


class RsdTestCase(StrangerCase):
    """What nodes of an RSD pod manager are made of."""

    def setUp(self):
        super().setUp()
        self.nodes = f'{ROOT}/Nodes'
        del self.pages[ROOT]['CompositionService']
        self.pages[ROOT]['Nodes'] = link(self.nodes)
        self.pages[self.nodes] = stranger.collection(f'{self.nodes}/1')
        self.pages[f'{self.nodes}/1'] = {
            'Id': '1',
            'Links': {'ComputerSystem': link(f'{SYSTEMS}/1')},
        }
        uris = [f'{SYSTEMS}/{n}' for n in (1, 2)]
        self.pages[SYSTEMS] = stranger.collection(*uris)
        self.pages.update({uri: {'Name': uri} for uri in uris})

    def connect(self, path='', **login):
        super().connect(path, **login)
        self.driver = RSD(self.connection)
        self.addCleanup(self.driver.close)

    def assertDoubtful(self, seen, *names):
        """Of these systems it is not known whether they are in use."""
        self.assertEqual(
            [f'{SYSTEMS}/{n}' for n in names],
            [item.uri for item in seen.systems if 'state' in item.unknown],
        )

    def test_chassis_that_tell_what_they_contain(self):
        """A tree may be told from above only."""
        rack, drawer = (f'{ROOT}/Chassis/{name}' for name in ('r', 'd'))
        systems = [link(f'{SYSTEMS}/{n}') for n in (1, 2)]
        self.pages[f'{ROOT}/Chassis'] = stranger.collection(drawer, rack)
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
        self.pages[f'{ROOT}/Chassis'] = stranger.collection(box)
        self.pages[f'{box}/Drives'] = stranger.collection(*drives)
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
        self.pages[services] = stranger.collection(f'{services}/1')
        self.pages[f'{services}/1'] = {'Id': '1', 'StoragePools': link(pools)}
        self.pages[pools] = stranger.collection(f'{pools}/1', f'{pools}/2')
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

    def test_nodes_that_cannot_be_read(self):
        nodes, node = self.pages[self.nodes], self.pages[f'{self.nodes}/1']
        for reply in (Reply(500), Reply(200), Reply(200, {'error': {}})):
            self.assertDoubtful(self.discover())
            # It is known what the node was made of.
            self.pages[f'{self.nodes}/1'] = reply
            self.assertDoubtful(self.discover(f'{self.nodes}/1'), 1)
            refreshed = self.driver.refresh(
                [f'{self.nodes}/1', f'{SYSTEMS}/2'], self.soon()
            )
            self.assertDoubtful(refreshed, 1)
            self.pages[f'{self.nodes}/1'] = node
            # There may be further nodes, of anything.
            self.pages[self.nodes] = reply
            seen = self.discover(self.nodes)
            self.assertDoubtful(seen, 2)
            self.assertEqual(1, len(seen.nodes))
            # Of what was before nothing is known.
            self.connect()
            self.assertDoubtful(self.discover(self.nodes), 1, 2)
            self.pages[self.nodes] = nodes

    def test_members_with_a_slash_at_the_end(self):
        for uri in (f'{SYSTEMS}/1', f'{SYSTEMS}/2', f'{self.nodes}/1'):
            self.pages[f'{uri}/'] = self.pages.pop(uri)
        self.pages[SYSTEMS] = stranger.collection(
            f'{SYSTEMS}/1/', f'{SYSTEMS}/2/'
        )
        self.pages[self.nodes] = stranger.collection(f'{self.nodes}/1/')
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


class OldHttpTestCase(StrangerCase):
    """HTTP/1.0: the connection ends with every answer."""

    def setUp(self):
        self.patch_protocol()
        super().setUp()

    def patch_protocol(self):
        kept = stranger.Stranger.protocol
        stranger.Stranger.protocol = 'HTTP/1.0'
        self.addCleanup(setattr, stranger.Stranger, 'protocol', kept)

    def test_it(self):
        self.assertBlocks(self.discover())
        self.assertLife()


class LoginTestCase(StrangerCase):
    def setUp(self):
        super().setUp()
        self.connect(username='admin', password='secret')

    def sessions(self, reply, place=f'{ROOT}/SessionService/Sessions'):
        self.pages[f'POST {place}'] = reply

    def test_sessions_that_are_not_offered(self):
        for status in (404, 405, 501):
            self.sessions(Reply(status))
            self.connect(username='admin', password='secret')
            self.assertBlocks(self.discover())

    def test_sessions_elsewhere(self):
        self.pages[ROOT]['Links'] = {'Sessions': link('/sessions/')}
        self.sessions(Reply(201, None, X_Auth_Token='t'), '/sessions/')
        self.pages[BLOCKS + '/host'] = self.guarded(block('host', 'Compute'))
        self.assertBlocks(self.discover())

    def guarded(self, page):
        def answer(body, headers):
            return page if headers.get('X-Auth-Token') == 't' else Reply(403)

        return answer

    def test_a_session_without_a_token(self):
        self.sessions(Reply(201, None, Location='/s/1'))
        self.pages[BLOCKS + '/host'] = lambda body, headers: (
            block('host', 'Compute')
            if headers.get('Authorization', '').startswith('Basic ')
            else Reply(401)
        )
        self.assertBlocks(self.discover())

    def test_a_password_that_is_changed_half_way(self):
        """One refusal is enough, lest the account be locked."""
        tokens = iter(['t'])

        def login(body, headers):
            token = next(tokens, None)
            return (
                Reply(201, None, X_Auth_Token=token) if token else Reply(401)
            )

        self.sessions(login)
        uris = [f'{BLOCKS}/{n}' for n in range(10, 60)]
        self.pages[BLOCKS] = stranger.collection(*uris)
        self.pages.update({uri: Reply(401) for uri in uris})
        logins = f'POST {ROOT}/SessionService/Sessions'
        self.discover(*uris)
        self.assertEqual(2, self.there.asked.count(logins))
        # Another reading tries once more.
        self.assertRaises(
            exception.AuthenticationFailed, self.driver.probe, self.soon()
        )
        self.assertEqual(3, self.there.asked.count(logins))

    def test_a_session_that_ends_half_way(self):
        tokens = []

        def login(body, headers):
            tokens.append(f't{len(tokens)}')
            return Reply(200, None, x_auth_token=tokens[-1])

        self.sessions(login)
        # The first token is good for the collection only.
        self.pages[BLOCKS + '/disk'] = lambda body, headers: (
            block('disk', 'Storage')
            if headers.get('X-Auth-Token') == 't1'
            else Reply(401)
        )
        self.assertBlocks(self.discover())
        self.assertEqual(['t0', 't1'], tokens)


class ServiceTestCase(StrangerCase):
    def test_no_composition_service(self):
        del self.pages[ROOT]['CompositionService']
        failure = self.assertRaises(
            exception.NotAPodManager,
            loader.recognize,
            self.connection,
            self.soon(),
        )
        self.assertIn('no driver', str(failure))

    def test_a_service_that_is_off(self):
        for value in (False, 'false'):
            self.pages[SERVICE]['ServiceEnabled'] = value
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
        self.pages[SERVICE]['ResourceZones'] = link(f'{SERVICE}/Zones')
        self.pages[f'{SERVICE}/Zones'] = stranger.collection()
        self.assertBlocks(self.discover())
        self.assertLife()

    def test_an_action_without_a_target(self):
        self.pages[SERVICE]['Actions'] = {'#CompositionService.Compose': {}}
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
        self.assertNotIn(f'POST {SYSTEMS}', self.there.asked)

    def test_one_that_dies_while_it_is_read(self):
        uris = [f'{SYSTEMS}/{n}' for n in range(100)]
        self.pages[SYSTEMS] = stranger.collection(*uris)
        for uri in uris:
            self.pages[uri] = {'Id': '1', 'Memory': link(f'{uri}/Memory')}
        for below in ('', '/1'):
            for uri in uris:
                self.pages[f'{uri}/Memory'] = stranger.collection(
                    f'{uri}/Memory/1'
                )
                self.pages[f'{uri}/Memory{below}'] = Reply(502)
            failure = self.assertRaises(
                exception.PodManagerUnavailable,
                self.driver.discover,
                self.soon(),
            )
            self.assertIn('the service stopped responding: ', str(failure))


class CrowdedTestCase(StrangerCase):
    """Services that bear few requests at once, and say so."""

    def setUp(self):
        super().setUp()
        self.refused = 0
        self.systems = [f'{SYSTEMS}/{n}' for n in range(40)]
        self.pages[SYSTEMS] = stranger.collection(*self.systems)
        for uri in self.systems:
            self.pages[uri] = {'Id': '1', 'Memory': link(f'{uri}/Memory')}
            memory = f'{uri}/Memory/1'
            self.pages[f'{uri}/Memory'] = stranger.collection(memory)
            self.pages[memory] = {'CapacityMiB': 1024}

    def bear(self, most, status):
        places = threading.Semaphore(most)
        crowded = threading.Event()
        answer = self.there.answer

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
                # Have others come meanwhile, where they do.
                crowded.wait(0.01)
                crowded.clear()
                answer(handler)
                handler.wfile.flush()
            finally:
                places.release()

        self.there.answer = answer_few

    def test_few_at_once(self):
        for most, status in ((4, 503), (1, 429)):
            there = self.useFixture(stranger.Stranger())
            there.pages.update(self.pages)
            self.there, self.refused = there, 0
            self.bear(most, status)
            self.connect()
            memory = {
                item.uri: item.values['memory_mib']
                for item in self.discover().systems
            }
            self.assertEqual(1024, min(memory[uri] for uri in self.systems))
            # Once it is known what is too much, that is not tried again.
            self.assertIn(self.refused, range(1, len(self.systems)))

    def test_one_resource_that_is_always_refused(self):
        self.pages[f'{self.systems[7]}/Memory'] = Reply(503, Retry_After='0')
        seen = self.discover('503')
        self.assertEqual(
            [self.systems[7]],
            [item.uri for item in seen.systems if item.unknown],
        )

    def test_members_that_come_with_it_are_asked_for_in_turn(self):
        expands = {'ExpandQuery': {'NoLinks': True}}
        self.pages[ROOT]['ProtocolFeaturesSupported'] = expands
        query = f'{SYSTEMS}?$expand=.($levels=1)'
        replies = [Reply(503, Retry_After='0')]
        self.pages[query] = lambda body, headers: (
            replies.pop() if replies else self.pages[SYSTEMS]
        )
        self.discover()
        self.assertEqual(2, self.there.asked.count(f'GET {query}'))


class TasksTestCase(StrangerCase):
    """What comes back for a request to compose."""

    def answers(self, reply, *later):
        """Answer the POST so, and the monitor so, one after the other."""
        left = list(later)

        def post(body, headers):
            self.request = body
            return reply

        def watch(body, headers):
            answer = left.pop(0) if left else Reply(404)
            if not left:
                self.there.made(self.request)
            return answer

        self.pages[f'POST {SYSTEMS}'] = post
        self.pages[TASK] = watch

    def test_created_without_a_place(self):
        for status in (200, 201, 204):
            self.pages[f'POST {SYSTEMS}'] = lambda body, headers, s=status: (
                self.there.made(body) or Reply(s)
            )
            self.assertLife()

    def test_monitors_that_end_anyhow(self):
        date = 'Wed, 21 Oct 2015 07:28:00 GMT'
        for origin in ('', 'https://podm.internal'):
            for last in (
                Reply(200, link(f'{SYSTEMS}/1')),
                Reply(201, None, Location=f'{origin}{SYSTEMS}/1'),
                Reply(204),
                Reply(404),
                Reply(200, {'TaskState': 'Completed'}),
            ):
                self.answers(
                    Reply(202, None, Location=origin + TASK),
                    Reply(202, None, Retry_After=date),
                    Reply(202, {'TaskState': 'Running'}, retry_after='0'),
                    last,
                )
                self.assertLife()

    def test_taken_without_a_word(self):
        self.answers(Reply(202))
        request = podmanagers.ComposeRequest(
            MARK, 'n', {}, f'{BLOCKS}/host', (f'{BLOCKS}/disk',)
        )
        begun = self.driver.compose(request, self.soon())
        self.assertRaises(
            podmanagers.InProgress,
            self.driver.poll_compose,
            begun.uri,
            self.soon(),
            podmanagers.Progress(),
        )
        self.there.made(self.request)
        node = self.driver.poll_compose(
            begun.uri, self.soon(), podmanagers.Progress()
        )
        self.assertEqual(f'{SYSTEMS}/1', node.uri)
        self.driver.release(begun.uri, self.soon(), podmanagers.Progress())
        self.assertEqual([], self.driver.list_nodes(self.soon()))

    def test_a_task_that_fails_without_messages(self):
        self.answers(
            Reply(202, link(TASK)),
            Reply(200, {'TaskState': 'Exception'}),
        )
        failure = self.assertRaises(exception.PodManagerError, self.assertLife)
        self.assertIn('gives no reason', str(failure))


class ChangesTestCase(StrangerCase):
    """PATCH of Links.ResourceBlocks, where there are no actions."""

    def setUp(self):
        super().setUp()
        self.there.made(
            {
                'Name': f'valence-{MARK}',
                'Links': {'ResourceBlocks': [link(f'{BLOCKS}/host')]},
            }
        )
        self.uri = f'{SYSTEMS}/1'
        self.tag = 'W/"1"'
        self.pages[f'PATCH {self.uri}'] = self.patch

    def patch(self, body, headers):
        self.taken = headers.get('If-Match')
        if self.wanted is not None and self.taken != self.wanted:
            return Reply(self.refusal)
        blocks = self.pages[self.uri]['Links']['ResourceBlocks']
        kept = [
            blocks[n] if entry == {} else entry
            for n, entry in enumerate(body['Links']['ResourceBlocks'])
            if entry is not None
        ]
        self.pages[self.uri]['Links']['ResourceBlocks'] = kept
        state = 'Composed' if len(kept) > 1 else 'Unused'
        self.pages[f'{BLOCKS}/disk'] = block('disk', 'Storage', state)
        return Reply(204)

    def test_with_etags_of_each_sort(self):
        disk = f'{BLOCKS}/disk'
        for shown, wanted, refusal in (
            (None, None, 412),
            (None, '*', 428),
            ('W/"1"', 'W/"1"', 412),
            ('W/"1"', '"1"', 412),
            ('"1"', 'W/"1"', 428),
        ):
            self.wanted, self.refusal = wanted, refusal
            self.pages[self.uri].pop('@odata.etag', None)
            if shown:
                self.pages[self.uri]['@odata.etag'] = shown
            self.driver.attach(
                self.uri, disk, self.soon(), podmanagers.Progress()
            )
            node = self.driver.read_node(self.uri, self.soon())
            self.assertIn(disk, node.resources)
            self.driver.detach(
                self.uri, disk, self.soon(), podmanagers.Progress()
            )
            node = self.driver.read_node(self.uri, self.soon())
            self.assertNotIn(disk, node.resources)
            self.assertEqual(wanted, self.taken)
