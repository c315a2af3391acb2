# SPDX-License-Identifier: Apache-2.0
"""Links and collections as odd as were seen."""

from valence.common import exception
from valence.podmanagers.redfish import events
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import block
from valence.tests.fixtures.odd_service import link


class LinksTestCase(odd.OddCase):
    def test_nothing_odd(self):
        self.assertBlocks(self.discover())
        self.assertLife()

    def test_absolute_links(self):
        host = 'https://podm.internal:8443'
        self.pages[ROOT]['Systems'] = link(host + SYSTEMS)
        self.pages[odd.SERVICE]['ResourceBlocks'] = link(host + BLOCKS)
        self.pages[BLOCKS] = odd_service.collection(
            f'{host}{BLOCKS}/host', f'{host}{BLOCKS}/disk'
        )
        self.assertBlocks(self.discover())
        self.assertLife()

    def test_members_that_are_mere_strings(self):
        # The last one has the name of a property of expanded members.
        self.pages[BLOCKS] = {
            'Members': [f'{BLOCKS}/host', f'{BLOCKS}/disk', f'{BLOCKS}/Id']
        }
        self.pages[f'{BLOCKS}/Id'] = block('Id', 'Storage')
        self.assertBlocks(self.discover(), devices=('disk', 'Id'))

    def test_a_collection_that_is_a_list(self):
        self.pages[BLOCKS] = [link(f'{BLOCKS}/host')]
        seen = self.discover('not a JSON object')
        self.assertEqual([], seen.systems)
        self.assertIn(f'{BLOCKS}/', seen.unread)

    def test_members_that_are_not_the_whole(self):
        """Expanded members are used if they have all properties."""
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
            del self.service.asked[:]
            seen = self.discover()
            self.assertBlocks(seen)
            self.assertEqual('Maker', seen.systems[0].values['manufacturer'])
            read = f'GET {BLOCKS}/host' in self.service.asked
            self.assertEqual(reads, read, member)

    def test_slashes_everywhere(self):
        self.made()
        for path in [path for path in self.pages if ' ' not in path]:
            page = self.pages.pop(path)
            self.pages[f'{path}/'] = page
        self.assertBlocks(self.discover())
        place = f'{SYSTEMS}/1'
        del self.pages[f'DELETE {place}']
        self.pages[f'DELETE {place}/'] = Reply(204)
        self.release(place)
        self.assertIn(f'DELETE {place}/', self.service.asked)

    def test_a_change_that_is_made_and_not_found(self):
        """It is not sent again, with a slash at its end."""
        self.made()
        self.pages[f'DELETE {SYSTEMS}/1'] = Reply(404)
        self.pages[ROOT]['Links'] = {'Sessions': link('/redfish/v1/s/')}
        self.discover()
        self.release(f'{SYSTEMS}/1')
        self.assertNotIn(f'DELETE {SYSTEMS}/1/', self.service.asked)

    def made(self):
        self.service.made(
            {
                'Name': f'valence-{odd.MARK}',
                'Links': {'ResourceBlocks': [link(f'{BLOCKS}/host')]},
            }
        )

    def test_a_change_that_another_resource_is_to_get(self):
        self.made()
        for status in (301, 302, 307, 308):
            self.pages[f'DELETE {SYSTEMS}/1'] = Reply(
                status, None, Location=f'{SYSTEMS}/2'
            )
            self.assertRaises(
                exception.RequestRejected, self.release, f'{SYSTEMS}/1'
            )
        self.assertNotIn(f'DELETE {SYSTEMS}/2', self.service.asked)
        self.pages[f'DELETE {SYSTEMS}/1'] = Reply(
            308, None, Location=f'http://podm{SYSTEMS}/1/'
        )
        self.pages[f'DELETE {SYSTEMS}/1/'] = Reply(204)
        self.release(f'{SYSTEMS}/1')

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
        for target in (f'{ROOT}/', f'{self.service.url}{ROOT}/', 'v1/'):
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

    def test_broken_links(self):
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
            {'memory_mib', 'memory_type', 'memory_modules'},
            seen.systems[0].unknown,
        )
        self.assertIn('capacity_gib', seen.devices[0].unknown)
        # The systems that the block is part of, or has in it.
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
        (host,) = self.discover('malformed link in Chassis, Memory').systems
        self.assertIsNone(host.parent)
        self.assertEqual(
            {'parent', 'memory_mib', 'memory_type', 'memory_modules'},
            host.unknown,
        )
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
        self.pages[f'{ROOT}/Chassis'] = odd_service.collection('/c1', '/c2')
        for one, other in (('/c1', '/c2'), ('/c2', '/c1')):
            self.pages[one] = {
                'Links': {'ContainedBy': link(other), 'Contains': [link(one)]}
            }
        seen = self.discover()
        self.assertEqual(
            [('/c1', '/c2'), ('/c2', '/c1')],
            [(c.uri, c.parent) for c in seen.chassis],
        )
