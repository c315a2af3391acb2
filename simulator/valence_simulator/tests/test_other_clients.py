# SPDX-License-Identifier: Apache-2.0
"""Changes of other clients, and the log of who changed what."""

from __future__ import annotations

import asyncio

import aiohttp

from valence_simulator.tests import base
from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.redfish import links

ROOT = '/redfish/v1'
NODES = f'{ROOT}/Nodes'
SYSTEMS = f'{ROOT}/Systems'
BLOCKS = f'{ROOT}/CompositionService/ResourceBlocks'
RESERVATIONS = f'{ROOT}/CompositionService/CompositionReservations'
ALLOCATE = f'{NODES}/Actions/Allocate'
LOG = '/_simulator/requests?changing=true'


class RsdTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '4', '--ids', 'reuse')

    async def allocate(self, **body) -> str:
        _, _, headers = await self.post(ALLOCATE, body)
        return headers['Location']

    async def test_the_uri_is_used_again(self):
        ours = await self.allocate(Name='ours', Description='mark 1')
        await self.request('DELETE', f'/_simulator/resources{ours}')
        theirs = await self.control('compose', name='theirs')
        self.assertEqual(ours, theirs['uri'])
        node = await self.get(ours)
        self.assertEqual(
            ('theirs', 'Assembled', 'On'),
            (node['Name'], node['ComposedNodeState'], node['PowerState']),
        )
        status, _, _ = await self.post(
            f'{ours}/Actions/ComposedNode.Reset', {'ResetType': 'ForceOff'}
        )
        self.assertEqual(204, status)
        (bad,) = await self.get(f'{LOG}&stranger=true')
        self.assertEqual(
            ('POST', {'ResetType': 'ForceOff'}, 204, 204, ours),
            tuple(
                bad[key]
                for key in ('method', 'body', 'status', 'answered', 'resource')
            ),
        )
        self.assertEqual('theirs', bad['composition']['texts']['Name'])
        first, second = await self.get('/_simulator/compositions')
        self.assertEqual(
            (False, True), (first['stranger'], second['stranger'])
        )
        self.assertIsNotNone(first['gone_at'])
        self.assertIsNone(first['gone_by'])
        self.assertEqual([bad['id']], second['requests'])

    async def test_another_client_composes_and_moves(self):
        drives = await self.get(f'{ROOT}/Chassis/enclosure-1')
        drive = drives['Links']['Drives'][0]['@odata.id']
        system = f'{SYSTEMS}/system-3'
        made = await self.control(
            'compose', id='77', name='n', parts=[system, drive]
        )
        node = await self.get(made['uri'])
        self.assertEqual(f'{NODES}/77', made['uri'])
        self.assertEqual(system, node['Links']['ComputerSystem']['@odata.id'])
        self.assertIn({'@odata.id': drive}, node['Links']['Storage'])
        for body in (
            {'id': '77'},
            {'parts': [system]},
            {'parts': ['/redfish/v1/Systems/none']},
        ):
            status, answer, _ = await self.post('/_simulator/compose', body)
            self.assertEqual(400, status, answer)
        ours = await self.allocate()
        await self.control('move', part=drive, to=ours)
        self.assertIn(
            {'@odata.id': drive}, (await self.get(ours))['Links']['Storage']
        )
        await self.control('move', part=drive)
        self.assertNotIn(
            {'@odata.id': drive}, (await self.get(ours))['Links']['Storage']
        )
        for body, status in (
            ({'part': system, 'to': ours}, 400),
            ({'part': drive, 'to': f'{NODES}/99'}, 404),
            ({}, 400),
        ):
            got, answer, _ = await self.post('/_simulator/move', body)
            self.assertEqual(status, got, answer)
        self.assertEqual(400, (await self.post('/_simulator/reserve'))[0])

    async def test_the_pod_manager_is_replaced(self):
        ours = await self.allocate(Name='ours')
        before = await self.get(ROOT)
        systems = {s['uuid'] for s in (await self.state())['systems']}
        await self.control('replace', systems=2)
        after = await self.get(ROOT)
        self.assertNotEqual(before['UUID'], after['UUID'])
        state = await self.state()
        self.assertFalse(systems & {s['uuid'] for s in state['systems']})
        self.assertEqual((2, 0), (len(state['systems']), len(state['nodes'])))
        theirs = await self.control('compose')
        self.assertEqual(ours, theirs['uri'])
        ours, theirs = await self.get('/_simulator/compositions')
        self.assertEqual(
            (False, True), (ours['gone_at'] is None, theirs['gone_at'] is None)
        )
        status, _, _ = await self.post('/_simulator/replace', {'port': 1})
        self.assertEqual(400, status)

    async def test_the_pod_manager_forgets(self):
        await self.allocate()
        await self.control('restart', forget=True)
        self.assertEqual([], (await self.state())['nodes'])
        self.assertEqual(f'{NODES}/1', await self.allocate())


class LogTestCase(base.SimulatorTestCase):
    arguments = (
        *('--systems', '4'),
        *('--username', 'operator', '--password', 'secret'),
    )

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        _, _, headers = await self.post(
            f'{ROOT}/SessionService/Sessions',
            {'UserName': 'operator', 'Password': 'secret'},
        )
        self.session.headers['X-Auth-Token'] = headers['X-Auth-Token']

    async def changes(self) -> tuple:
        """Make changes; return the URI of the node, and their entries."""
        _, _, headers = await self.post(ALLOCATE, {'Description': 'mark 1'})
        node = headers['Location']
        await self.request('PATCH', node, json={'ClearTPMOnDelete': False})
        await self.get(node)
        await self.order(path=node, fault='status', value=500, count=1)
        await self.request('DELETE', node)
        return node, *await self.get(LOG)

    async def test_changes_by_user(self):
        _, login, made, changed, rejected = await self.changes()
        self.assertEqual('***', login['body']['Password'])
        self.assertEqual(
            (ALLOCATE, 'operator', 201, None, [1]),
            tuple(
                made[key]
                for key in ('path', 'user', 'status', 'composition', 'made')
            ),
        )
        self.assertEqual(
            ('PATCH', {'ClearTPMOnDelete': False}, 200, made['id']),
            (
                changed['method'],
                changed['body'],
                changed['answered'],
                changed['composition']['request'],
            ),
        )
        # The pod manager never saw it.
        self.assertEqual(
            (None, 500, None),
            tuple(
                rejected[key] for key in ('status', 'answered', 'composition')
            ),
        )

    async def test_queries_of_the_log(self):
        node, _, made, *_ = await self.changes()
        for query, count in (
            ('&mark=mark 1', 1),
            (f'&since={made["id"]}', 2),
            ('&method=patch', 1),
            ('&path=.*Allocate', 1),
            (f'&resource={node}', 1),
            ('&composition=1', 1),
            ('&user=operator', 2),
            ('&stranger=true', 0),
            ('&stranger=false', 4),
        ):
            found = await self.get(LOG + query)
            self.assertEqual(count, len(found), query)
        for query in ('&colour=red', '&stranger=1', '&since=x', '&path=('):
            status, body, _ = await self.request('GET', LOG + query)
            self.assertEqual(400, status, body)

    async def test_an_answer_that_is_lost(self):
        await self.order(path='.*Allocate', fault='lost-answer')
        with self.assertRaises(aiohttp.ClientError):
            await self.post(ALLOCATE)
        entry = (await self.get(LOG))[-1]
        self.assertEqual((201, None), (entry['status'], entry['answered']))
        await self.request('DELETE', '/_simulator/requests')
        self.assertEqual([], await self.get(LOG))
        (made,) = await self.get('/_simulator/compositions?alive=true')
        self.assertEqual(entry['id'], made['request'])


class RedfishOtherClientTestCase(RedfishTestCase):
    arguments = ('--personality', 'redfish', '--systems', '4')

    async def test_work_of_a_task_is_its_requests(self):
        uri = await self.compose('compute-1', name='web')
        await self.request('PATCH', uri, json={'AssetTag': 'mark 2'})
        await self.finish(await self.request('DELETE', uri))
        made, changed, deleted = await self.get(LOG)
        self.assertEqual(([1], 202), (made['made'], made['status']))
        self.assertEqual([1], deleted['ended'])
        (composition,) = await self.get('/_simulator/compositions')
        self.assertEqual(
            (made['id'], deleted['id'], 'web', 'mark 2'),
            (
                composition['request'],
                composition['gone_by'],
                composition['texts']['Name'],
                composition['texts']['AssetTag'],
            ),
        )

    async def test_another_client_composes_and_steals(self):
        ours = await self.compose('compute-1', 'storage-1-1')
        made = await self.control('compose', name='theirs', description='d')
        theirs = await self.get(made['uri'])
        self.assertEqual(
            ('theirs', 'd'), (theirs['Name'], theirs['Description'])
        )
        self.assertEqual(
            [f'{BLOCKS}/compute-2'],
            [b['@odata.id'] for b in theirs['Links']['ResourceBlocks']],
        )
        part = f'{BLOCKS}/storage-1-1'
        await self.control('move', part=part, to=made['uri'])
        self.assertEqual(
            links('compute-1')['ResourceBlocks'],
            (await self.get(ours))['Links']['ResourceBlocks'],
        )
        self.assertIn(
            {'@odata.id': part},
            (await self.get(made['uri']))['Links']['ResourceBlocks'],
        )
        await self.control('move', part=part)
        self.assertEqual('Unused', (await self.state_of('storage-1-1'))[0])
        for body, status in (
            ({'parts': [f'{BLOCKS}/compute-1']}, 400),
            ({'parts': [f'{BLOCKS}/none']}, 404),
            ({'system': f'{SYSTEMS}/none'}, 404),
            ({'id': '1'}, 400),
        ):
            got, answer, _ = await self.post('/_simulator/compose', body)
            self.assertEqual(status, got, answer)
        await self.request('PATCH', part, json={'Client': 'me'})
        await self.request(
            'PATCH', f'{BLOCKS}/compute-2', json={'Client': 'me'}
        )
        log = await self.get(f'{LOG}&stranger=true')
        self.assertEqual([f'{BLOCKS}/compute-2'], [e['path'] for e in log])

    async def test_blocks_are_reserved_by_another_client(self):
        answer = await self.control('reserve', parts=[f'{BLOCKS}/compute-1'])
        block = await self.block('compute-1')
        self.assertIs(True, block['CompositionStatus']['Reserved'])
        self.assertEqual('other-client', block['Client'])
        listed = await self.get(RESERVATIONS)
        self.assertEqual([{'@odata.id': answer['uri']}], listed['Members'])
        reservation = await self.get(answer['uri'])
        self.assertEqual('other-client', reservation['Client'])
        await self.refused(
            409,
            'SpecifiedResourceAlreadyReserved',
            await self.post(
                SYSTEMS, {'Name': 'n', 'Links': links('compute-1')}
            ),
        )
        await self.request('DELETE', answer['uri'])
        await self.compose('compute-1')
        # A note on the block alone reserves nothing.
        await self.control(
            'reserve', parts=[f'{BLOCKS}/compute-2'], listed=False
        )
        self.assertEqual([], (await self.get(RESERVATIONS))['Members'])
        self.assertEqual(
            'other-client', (await self.block('compute-2'))['Client']
        )
        await self.compose('compute-2')


class ExpandableTestCase(RedfishTestCase):
    arguments = (
        *('--personality', 'redfish', '--systems', '3'),
        *('--expandable', '3', '--no-tasks'),
    )

    async def change(self, uri: str, verb: str, block: str) -> None:
        await self.post(
            f'{uri}/Actions/ComputerSystem.{verb}ResourceBlock',
            {'ResourceBlock': {'@odata.id': f'{BLOCKS}/{block}'}},
        )

    async def test_users_of_permanent_systems(self):
        first, second, third = (
            node['uri'] for node in (await self.state())['nodes']
        )
        await self.change(first, 'Add', 'storage-1-1')
        await self.control(
            'compose',
            system=second,
            parts=[f'{BLOCKS}/storage-2-1'],
            asset_tag='theirs',
        )
        self.assertEqual('theirs', (await self.get(second))['AssetTag'])
        await self.control(
            'reserve', parts=[f'{BLOCKS}/compute-3'], client='c', listed=False
        )
        made = await self.get('/_simulator/compositions')
        self.assertEqual(
            [(first, False), (second, True), (third, True)],
            [(m['uri'], m['stranger']) for m in made],
        )
        await self.request('PATCH', third, json={'AssetTag': 'mine'})
        (bad,) = await self.get(f'{LOG}&stranger=true')
        self.assertEqual(third, bad['resource'])
        await self.change(first, 'Remove', 'storage-1-1')
        alive = await self.get('/_simulator/compositions?alive=true')
        self.assertEqual([second, third], [m['uri'] for m in alive])
        await self.control('restart', forget=True)
        system = await self.get(second)
        self.assertEqual(
            links('compute-2')['ResourceBlocks'],
            system['Links']['ResourceBlocks'],
        )


class EemStrangersTestCase(base.SimulatorTestCase):
    arguments = ('--personality', 'eem', '--systems', '3')

    async def set_group(self, device: str, **body) -> dict:
        status, answer, _ = await self.request(
            'PUT', f'{device}/group_id', json=body
        )
        self.assertEqual(200, status, answer)
        return answer

    async def uris(self, status: str) -> list[str]:
        listed = await self.get(f'/eem/devices?status={status}')
        return [f'/eem/devices/{d["id"]}' for d in listed['devices']]

    async def test_two_servers_in_one_group(self):
        ours, theirs, third = await self.uris('eesv')
        box, other, last = (await self.uris('eeio'))[:3]
        group = (await self.set_group(ours))['group_id']
        await self.set_group(box, group_id=group)
        await self.control('move', part=theirs, to=f'/eem/groups/{group}')
        await self.control('move', part=other, to=f'/eem/groups/{group}')
        shown = await self.get(f'/eem/devices?group_id={group}')
        self.assertEqual(4, len(shown['devices']))
        for device in (theirs, other, box, ours):
            await self.request('DELETE', f'{device}/group_id')
        log = await self.get(f'{LOG}&stranger=true')
        self.assertEqual([theirs, other], [entry['resource'] for entry in log])
        made = await self.control('compose', parts=[third, last], group='40')
        self.assertEqual('/eem/groups/40', made['uri'])
        await asyncio.sleep(0.05)
        device = (await self.get(third))['device']
        self.assertEqual(
            'up', device['downstream_ports'][0]['eeio_connection_status']
        )
        await self.control('move', part=last)
        self.assertEqual('4093', (await self.get(last))['device']['group_id'])
        for body, status in (
            ({'parts': [ours], 'group': '40'}, 400),
            ({'parts': ['/eem/devices/0x1']}, 404),
        ):
            got, answer, _ = await self.post('/_simulator/compose', body)
            self.assertEqual(status, got, answer)
        self.assertEqual(400, (await self.post('/_simulator/reserve'))[0])

    async def test_all_groups_are_lost(self):
        await self.control('compose')
        await self.control('restart', forget=True)
        self.assertEqual([], (await self.state())['nodes'])
        await self.control('replace')
        self.assertEqual(3, len((await self.state())['systems']))
