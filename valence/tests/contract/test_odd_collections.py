# SPDX-License-Identifier: Apache-2.0
"""Collections and their pages as odd as were seen."""

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link

_HOST, _DISK = f'{BLOCKS}/host', f'{BLOCKS}/disk'


class CollectionsTestCase(odd.OddCase):
    def test_members_in_every_form(self):
        both = [link(_HOST), link(_DISK)]
        for body in (
            {'Members': {'1': both[0], '2': both[1]}},
            {'Members': {_HOST: {}, _DISK: {'Name': 'disk'}}},
            {'Links': {'Members': both, 'Members@odata.count': 2}},
            {'links': {'Members': both}},
            {'Members': None, 'Links': {'Members': both}},
            {'value': both, '@odata.count': 2},
            {'Members': both, 'Members@odata.count': '2'},
            {'Members': both, 'Members@odata.count': None},
            {'Members': both, 'Members@odata.count': 1},
        ):
            self.pages[BLOCKS] = body
            self.assertBlocks(self.discover())

    def test_a_single_member(self):
        for members in (link(_HOST), _HOST, {'a': link(_HOST)}):
            self.pages[BLOCKS] = {
                'Members@odata.count': 1,
                'Members': members,
            }
            self.assertBlocks(self.discover(), devices=())

    def test_no_members(self):
        for members in ([], {}, None):
            self.pages[BLOCKS] = {
                'Members@odata.count': 0,
                'Members': members,
            }
            self.assertEqual([], self.discover().systems)

    def test_members_that_are_nonsense(self):
        """Each costs itself only, and is never taken for one that is gone."""
        for member in (None, 7, {}, [], link(None), link('x://[bad')):
            self.pages[BLOCKS] = odd_service.collection(_HOST, _DISK, _HOST)
            self.pages[BLOCKS]['Members'].append(member)
            self.pages[BLOCKS]['Members@odata.count'] = 2
            seen = self.discover('a member without a valid link')
            self.assertBlocks(seen)
            self.assertEqual({f'{BLOCKS}/'}, seen.unread)

    def test_a_member_that_is_nonsense_hides_no_node(self):
        self.pages[SYSTEMS]['Members'].append(link(''))
        self.assertEqual([], self.driver.list_nodes(self.soon()))

    def test_counts_that_do_not_fit(self):
        self.pages[BLOCKS]['Members@odata.count'] = 5
        rest = f'{BLOCKS}?$skip=2'
        for reply in (None, Reply(400), self.pages[BLOCKS], Reply(200, b'<')):
            self.pages[rest] = reply
            seen = self.discover('lists 2 members, but counts 5')
            self.assertBlocks(seen)
            self.assertEqual({f'{BLOCKS}/'}, seen.unread)

    def test_members_that_no_link_leads_to(self):
        self.pages[BLOCKS] = odd_service.collection(_HOST)
        self.pages[BLOCKS]['Members@odata.count'] = 2
        self.pages[f'{BLOCKS}?$skip=1'] = odd_service.collection(_DISK)
        self.assertBlocks(self.discover())

    def test_members_listed_twice_and_counted_twice(self):
        self.pages[BLOCKS] = odd_service.collection(_HOST, _DISK, _HOST)
        self.pages[BLOCKS]['Members@odata.count'] = 3
        self.assertBlocks(self.discover())


class PagesTestCase(odd.OddCase):
    """The next page, by whatever links it."""

    def paged(self, name, following):
        self.pages[BLOCKS] = {**odd_service.collection(_HOST), name: following}

    def test_further_pages(self):
        page = f'{BLOCKS}?$skip=1&page=2'
        self.pages[page] = odd_service.collection(_DISK)
        for name in (
            'Members@odata.nextLink',
            '@odata.nextLink',
            'nextLink',
        ):
            for following in (
                page,
                f'http://podm.internal{page}',
                '?$skip=1&page=2',
                '$skip=1&page=2',
                'ResourceBlocks?$skip=1&page=2',
                link(page),
            ):
                self.paged(name, following)
                self.assertBlocks(self.discover())
        self.pages[BLOCKS] = {'Links': self.pages[BLOCKS]}
        self.assertBlocks(self.discover())

    def test_pages_with_counts_of_their_own(self):
        page = f'{BLOCKS}?2'
        self.paged('Members@odata.nextLink', page)
        self.pages[page] = odd_service.collection(_DISK)
        for uri in (BLOCKS, page):
            self.pages[uri]['Members@odata.count'] = 1
        self.assertBlocks(self.discover())

    def test_links_that_are_none(self):
        for following in ('x://[bad', 7, ['?2'], {'uri': '?2'}, '/a\0b'):
            self.paged('Members@odata.nextLink', following)
            seen = self.discover('malformed link to its next page')
            self.assertBlocks(seen, devices=())
            self.assertEqual({f'{BLOCKS}/'}, seen.unread)
        for following in (None, '', {}, []):
            self.paged('Members@odata.nextLink', following)
            self.assertBlocks(self.discover(), devices=())

    def test_a_page_that_fails(self):
        page = f'{BLOCKS}?2'
        self.paged('Members@odata.nextLink', page)
        for reply in (Reply(404), Reply(500), Reply(200, {'Id': '1'})):
            self.pages[page] = reply
            seen = self.driver.discover(self.soon())
            self.assertBlocks(seen, devices=())
            self.assertIn(f'{BLOCKS}/', seen.unread)
            self.assertIn(page, ' '.join(seen.problems))

    def test_pages_that_lead_in_a_circle(self):
        page = f'{BLOCKS}?2'
        self.paged('Members@odata.nextLink', page)
        self.pages[page] = odd_service.collection(_DISK)
        for following in (page, BLOCKS):
            self.pages[page]['Members@odata.nextLink'] = following
            self.assertBlocks(self.discover('was read already'))

    def endless(self, first, *members):
        """Pages without end, each with a new link."""
        self.pages[BLOCKS] = {
            **first,
            'Members@odata.nextLink': f'{BLOCKS}?0',
        }
        for n in range(400):
            self.pages[f'{BLOCKS}?{n}'] = {
                **odd_service.collection(*(members or [f'{BLOCKS}/{n}'])),
                'Members@odata.nextLink': f'{BLOCKS}?{n + 1}',
            }
            self.pages.setdefault(f'{BLOCKS}/{n}', self.pages[_DISK])

    def asked(self):
        return sum(f'{BLOCKS}?' in uri for uri in self.service.asked)

    def test_pages_without_end_and_nothing_new(self):
        self.endless(self.pages[BLOCKS], _HOST, _DISK)
        self.assertBlocks(self.discover('nothing new'))
        self.assertEqual(1, self.asked())

    def test_pages_without_end_beyond_the_count(self):
        self.endless(self.pages[BLOCKS])
        for n in ('', *(f'?{n}' for n in range(400))):
            self.pages[f'{BLOCKS}{n}']['Members@odata.count'] = 4
        seen = self.discover('more members than it counts')
        self.assertEqual({f'{BLOCKS}/'}, seen.unread)
        self.assertEqual(3, self.asked())

    def test_pages_without_end_and_without_a_count(self):
        self.endless(self.pages[BLOCKS])
        self.discover('more than 256 pages')
        self.assertEqual(256, self.asked())


class OtherCollectionsTestCase(odd.OddCase):
    """The same forms in collections other than those of the inventory."""

    def test_members_below_links_everywhere(self):
        for uri in (SYSTEMS, f'{ROOT}/Chassis', BLOCKS):
            self.pages[uri] = {'Links': self.pages[uri]}
        self.assertBlocks(self.discover())

    def test_parts_of_a_system(self):
        uri = f'{SYSTEMS}/1'
        self.pages[SYSTEMS] = {'Members': link(uri)}
        self.pages[uri] = {'Id': '1', 'Memory': link(f'{uri}/Memory')}
        self.pages[f'{uri}/Memory/1'] = {'CapacityMiB': 8192}
        for members in (
            {'Members': link(f'{uri}/Memory/1')},
            {'Links': {'Members': [link(f'{uri}/Memory/1')]}},
        ):
            self.pages[f'{uri}/Memory'] = members
            item = self.discover().systems[-1]
            self.assertEqual(8192, item.values['memory_mib'])
        self.pages[f'{uri}/Memory'] = {'Members@odata.count': 1}
        item = self.discover('no members').systems[-1]
        self.assertIn('memory_mib', item.unknown)

    def test_subscriptions(self):
        """One that is there already is replaced, in whatever it is listed."""
        service, place = f'{ROOT}/EventService', f'{ROOT}/Subscriptions'
        self.pages[ROOT]['EventService'] = link(service)
        self.pages[service] = {'Id': 'E', 'Subscriptions': link(place)}
        self.pages[f'{place}/1'] = {'Id': '1', 'Destination': 'http://v/'}
        self.pages[f'DELETE {place}/1'] = Reply(204)
        self.pages[f'POST {place}'] = Reply(201, None, Location=f'{place}/2')
        for body in (
            {'Members': link(f'{place}/1')},
            {'Links': {'Members': [link(f'{place}/1')]}},
        ):
            self.pages[place] = body
            del self.service.asked[:]
            self.driver.subscribe('http://v/', self.soon())
            self.assertIn(f'DELETE {place}/1', self.service.asked)
        self.pages[place] = {'Members@odata.count': 3}
        self.assertRaises(
            exception.PodManagerUnavailable,
            self.driver.subscribe,
            'http://v/',
            self.soon(),
        )

    def test_reservations_that_cannot_be_read(self):
        """One may be of the node that is looked for."""
        place = f'{odd.SERVICE}/Reservations'
        self.pages[odd.SERVICE]['CompositionReservations'] = link(place)
        request = podmanagers.ComposeRequest(odd.MARK, 'n', {}, _HOST)
        self.assertIsNone(self.driver.find_composed(request, self.soon()))
        self.pages[place] = {'Members@odata.count': 3}
        self.assertRaises(
            exception.PodManagerUnavailable,
            self.driver.find_composed,
            request,
            self.soon(),
        )
