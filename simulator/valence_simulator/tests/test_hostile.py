# SPDX-License-Identifier: Apache-2.0
"""Answers that cost whoever reads them."""

from __future__ import annotations

from valence_simulator.tests import base

SYSTEMS = '/redfish/v1/Systems'


class HostileTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '2')

    async def test_pages_without_end(self):
        await self.order(path=f'{SYSTEMS}$', fault='endless-pages')
        uri, seen = SYSTEMS, set()
        for _ in range(5):
            page = await self.get(uri)
            self.assertEqual(2, len(page['Members']))
            uri = page['Members@odata.nextLink']
            self.assertNotIn(uri, seen)
            seen.add(uri)

    async def test_pages_of_made_up_members(self):
        await self.order(
            path=f'{SYSTEMS}$', fault='endless-pages', value='new'
        )
        page = await self.get(SYSTEMS)
        self.assertEqual(2, len(page['Members']))
        page = await self.get(page['Members@odata.nextLink'])
        (member,) = page['Members']
        status, _, _ = await self.request('GET', member['@odata.id'])
        self.assertEqual(404, status)

    async def test_huge_and_deep_documents(self):
        uri = f'{SYSTEMS}/system-1'
        await self.order(path=uri, fault='huge', value=10**6, count=1)
        system = await self.get(uri)
        self.assertEqual(10**6, len(system['Padding']))
        self.assertEqual('system-1', system['Id'])
        await self.order(path=uri, fault='deep', value=20_000, count=1)
        async with self.session.get(uri) as answer:
            text = await answer.text()
        self.assertEqual(20_000, text.count('{"a":'))
        await self.order(path=uri, fault='replace', value={}, count=1)
        await self.order(path=uri, fault='huge', value=3, count=1)
        # The one ordered first has the last word on the answer.
        self.assertEqual({}, await self.get(uri))

    async def test_links_that_are_none(self):
        await self.order(
            path=f'{SYSTEMS}$',
            fault='merge',
            value={'Members@odata.nextLink': 'x://[bad'},
        )
        page = await self.get(SYSTEMS)
        self.assertEqual('x://[bad', page['Members@odata.nextLink'])

    async def test_refusals_that_hurt_who_shows_them(self):
        text = 'NUL \x00, \x1b[31mred\x1b[0m,\nand =1+1'
        await self.order(
            path=SYSTEMS,
            fault='answer',
            value={'status': 400, 'body': {'error': {'message': text}}},
        )
        status, body, _ = await self.post(SYSTEMS)
        self.assertEqual((400, text), (status, body['error']['message']))
