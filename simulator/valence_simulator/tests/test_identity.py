# SPDX-License-Identifier: Apache-2.0
"""URIs and names that are not what one takes them for."""

from __future__ import annotations

from valence_simulator.tests import base
from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.redfish import links

ROOT = '/redfish/v1'
NODES = f'{ROOT}/Nodes'
SYSTEMS = f'{ROOT}/Systems'
ALLOCATE = f'{NODES}/Actions/Allocate'
COMPOSE = f'{ROOT}/CompositionService/Actions/CompositionService.Compose'
SPELT = {
    'slash': f'{NODES}/1/',
    'prefix': f'/pod{NODES}/1',
    'encoded': f'{NODES}/%31',
}


class RsdTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '4')

    async def allocate(self, **body) -> str:
        status, document, headers = await self.post(ALLOCATE, body)
        self.assertEqual(201, status, document)
        return headers['Location']

    async def members(self, uri: str = NODES) -> list[str]:
        shown = await self.get(uri)
        return [member['@odata.id'] for member in shown['Members']]

    async def test_ids(self):
        for ids, after_delete, after_restart in (
            ('new', '3', '4'),
            ('restart', '3', '1'),
            ('reuse', '1', '3'),
        ):
            with self.subTest(ids):
                await self.control('restart', forget=True)
                await self.options(ids=ids)
                first = await self.allocate()
                await self.allocate()
                await self.request('DELETE', first)
                self.assertEqual(
                    f'{NODES}/{after_delete}', await self.allocate()
                )
                await self.control('restart')
                self.assertEqual(
                    f'{NODES}/{after_restart}', await self.allocate()
                )

    async def test_location_is_spelt_otherwise_than_the_member(self):
        for how in ('slash', 'absolute', 'prefix', 'encoded'):
            with self.subTest(how):
                await self.control('restart', forget=True)
                await self.options(location=how)
                uri = await self.allocate(Name='n')
                self.assertEqual(SPELT.get(how, f'{self.url}{NODES}/1'), uri)
                self.assertEqual([f'{NODES}/1'], await self.members())
                async with self.session.get(base.raw(self.url, uri)) as shown:
                    self.assertEqual('n', (await shown.json())['Name'])

    async def test_members_are_spelt_otherwise_than_links(self):
        node = await self.get(await self.allocate())
        await self.options(member_links='encoded')
        self.assertEqual([SPELT['encoded']], await self.members())
        self.assertIn(f'{SYSTEMS}/system%2D%31', await self.members(SYSTEMS))
        shown = await self.get(f'{NODES}/1')
        self.assertEqual(node['Links'], shown['Links'])
        expanded = await self.get(f'{NODES}?$expand=.')
        self.assertEqual('1', expanded['Members'][0]['Id'])

    async def test_behind_a_proxy(self):
        await self.options(prefix='/site/', location='prefix')
        status, _, headers = await self.post(f'/site{ALLOCATE}')
        self.assertEqual(
            (201, f'/site{NODES}/1'), (status, headers['Location'])
        )
        self.assertEqual([f'{NODES}/1'], await self.members(f'/site{NODES}'))
        self.assertEqual(404, (await self.request('GET', NODES))[0])
        self.assertEqual(f'{self.url}/site{ROOT}', self.server.url)

    async def test_targets(self):
        await self.allocate()
        await self.allocate()
        reset = 'Actions/ComposedNode.Reset'
        for how, target in (
            ('own', f'{NODES}/1/{reset}'),
            ('foreign', f'{NODES}/2/{reset}'),
            ('outside', f'{ROOT}/Actions/Nodes/1/ComposedNode.Reset'),
            ('misspelt', f'{ROOT}/Nods/1/{reset}'),
            ('absolute', f'{self.url}{NODES}/1/{reset}'),
        ):
            await self.options(targets=how)
            node = await self.get(f'{NODES}/1')
            action = node['Actions']['#ComposedNode.Reset']
            self.assertEqual(target, action['target'])
            # Whatever it looks like, it is an action; not yet assembled.
            path = target.removeprefix(self.url)
            self.assertEqual(409, (await self.post(path))[0], how)

    async def test_no_mark_is_given_back(self):
        uri = await self.allocate(Name='web', Description='a mark of 21 chars')
        await self.options(echo_limit=6)
        node = await self.get(uri)
        self.assertEqual(
            ('web', 'a mark'), (node['Name'], node['Description'])
        )
        await self.options(echo=False)
        node = await self.get(uri)
        self.assertEqual(
            ('Composed Node 1', None), (node['Name'], node['Description'])
        )
        (made,) = await self.get('/_simulator/compositions')
        self.assertEqual('a mark of 21 chars', made['texts']['Description'])

    async def test_the_response_names_a_foreign_resource(self):
        await self.allocate(Name='theirs')
        await self.order(
            path='.*Allocate', fault='stranger', value=f'{NODES}/1', count=1
        )
        status, body, headers = await self.post(ALLOCATE, {'Name': 'ours'})
        self.assertEqual(
            (201, f'{NODES}/1', 'theirs'),
            (status, headers['Location'], body['Name']),
        )
        self.assertEqual(2, len(await self.members()))

    async def test_an_answer_to_nothing(self):
        await self.order(
            path='.*Allocate',
            fault='answer',
            value={'status': 201, 'headers': {'Location': 'http://h//['}},
        )
        status, body, headers = await self.post(ALLOCATE)
        self.assertEqual((201, 'http://h//['), (status, headers['Location']))
        self.assertEqual([], await self.members())

    async def test_service_uuid(self):
        zeros = '00000000-0000-0000-0000-000000000000'
        await self.options(service_uuid=zeros)
        self.assertEqual(zeros, (await self.get(ROOT))['UUID'])
        manager = await self.get(f'{ROOT}/Managers/PodManager')
        self.assertEqual(zeros, manager['ServiceEntryPointUUID'])
        await self.options(service_uuid=None)
        self.assertNotEqual(zeros, (await self.get(ROOT))['UUID'])

    async def test_options_are_checked(self):
        for options in (
            {'location': 'upside-down'},
            {'echo': 'no'},
            {'systems': 7},
            {'page_size': 'many'},
            {'prefix': 7},
            {'expand': False, 'colour': 'red'},
        ):
            status, body, _ = await self.request(
                'PATCH', '/_simulator/options', json=options
            )
            self.assertEqual(400, status, body)
        self.assertIs(True, self.server.personality.options.expand)

    async def test_the_login_changes(self):
        await self.options(username='a', password='b')
        self.assertEqual(401, (await self.request('GET', NODES))[0])


class RedfishIdentityTestCase(RedfishTestCase):
    arguments = ('--personality', 'redfish', '--systems', '4')

    async def test_ids_and_spelling(self):
        await self.options(ids='reuse', location='slash')
        for _ in range(2):
            uri = await self.compose('compute-1')
            self.assertEqual(f'{SYSTEMS}/1/', uri)
            await self.finish(await self.request('DELETE', uri))
        collection = await self.get(SYSTEMS)
        self.assertEqual([], collection['Members'])

    async def test_a_manifest_names_a_foreign_resource(self):
        theirs = await self.compose('compute-1')
        await self.order(path=COMPOSE, fault='stranger', value=theirs)
        await self.order(path=SYSTEMS, fault='stranger', value=theirs)
        body = {
            'RequestFormat': 'Manifest',
            'RequestType': 'Apply',
            'Manifest': {
                'Stanzas': [
                    {
                        'StanzaType': 'ComposeSystem',
                        'Request': {'Links': links('compute-2')},
                    }
                ]
            },
        }
        _, body, _ = await self.finish(await self.post(COMPOSE, body))
        (stanza,) = body['Manifest']['Stanzas']
        self.assertEqual(theirs, stanza['Response']['@odata.id'])
        self.assertEqual(theirs, await self.compose('compute-3'))

    async def test_systems_of_the_same_hardware(self):
        await self.options(ids='reuse', identity='hardware')
        shown = set()
        for _ in range(2):
            uri = await self.compose('compute-1')
            system = await self.get(uri)
            shown.add((uri, system['UUID'], system['SerialNumber']))
            await self.finish(await self.request('DELETE', uri))
        self.assertEqual(1, len(shown))

    async def test_no_mark_is_given_back(self):
        await self.options(echo=False)
        uri = await self.compose('compute-1', name='web')
        await self.request('PATCH', uri, json={'AssetTag': 'mine'})
        system = await self.get(uri)
        self.assertEqual('System 1', system['Name'])
        self.assertEqual('Composed system', system['Description'])
        self.assertIsNone(system['AssetTag'])

    async def test_foreign_targets_are_those_of_the_next(self):
        await self.options(targets='foreign')
        first = await self.compose('compute-1')
        second = await self.compose('compute-2')
        system = await self.get(first)
        target = system['Actions']['#ComputerSystem.Reset']['target']
        self.assertEqual(f'{second}/Actions/ComputerSystem.Reset', target)
        await self.post(target, {'ResetType': 'ForceOff'})
        self.assertEqual('On', (await self.get(first))['PowerState'])
        self.assertEqual('Off', (await self.get(second))['PowerState'])

    async def test_the_compose_action_is_misspelt(self):
        await self.options(targets='misspelt')
        service = await self.get(f'{ROOT}/CompositionService')
        target = service['Actions']['#CompositionService.Compose']['target']
        self.assertNotIn(f'{ROOT}/CompositionService', target)
        self.assertEqual(400, (await self.post(target))[0])


class EemIdentityTestCase(base.SimulatorTestCase):
    arguments = ('--personality', 'eem', '--systems', '3')

    async def test_a_foreign_server_joins_the_group_just_chosen(self):
        devices = await self.get('/eem/devices?status=eesv')
        ours, theirs = (d['id'] for d in devices['devices'][:2])
        await self.order(
            path='.*/group_id', fault='intrude', method='PUT', count=1
        )
        _, answer, _ = await self.request(
            'PUT', f'/eem/devices/{ours}/group_id', json={}
        )
        shown = await self.get(
            f'/eem/devices?group_id={answer["group_id"]}&status=eesv'
        )
        self.assertEqual(
            {ours, theirs}, {device['id'] for device in shown['devices']}
        )
        made = await self.get('/_simulator/compositions?stranger=true')
        self.assertEqual([f'/eem/devices/{theirs}'], [m['uri'] for m in made])

    async def test_the_other_server_is_never_that_of_an_ignored_request(self):
        devices = await self.get('/eem/devices?status=eesv')
        ours, theirs = (d['id'] for d in devices['devices'][:2])
        for fault in ('intrude', 'ignore'):
            await self.order(
                path='.*/group_id', fault=fault, method='PUT', count=1
            )
        await self.request('PUT', f'/eem/devices/{ours}/group_id', json={})
        made = await self.get('/_simulator/compositions?stranger=true')
        self.assertEqual([f'/eem/devices/{theirs}'], [m['uri'] for m in made])
