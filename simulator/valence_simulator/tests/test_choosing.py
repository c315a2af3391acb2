# SPDX-License-Identifier: Apache-2.0
"""Which blocks can be combined, and what requests must contain."""

from __future__ import annotations

from valence_simulator.tests import base
from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.redfish import links

ROOT = '/redfish/v1'
SYSTEMS = f'{ROOT}/Systems'
SERVICE = f'{ROOT}/CompositionService'
BLOCKS = f'{SERVICE}/ResourceBlocks'
ZONES = f'{SERVICE}/ResourceZones'
COMPOSE = f'{SERVICE}/Actions/CompositionService.Compose'


class ChoosingTestCase(RedfishTestCase):
    # The fourth system has two drives and a second NIC, the seventh four NICs.
    arguments = ('--personality', 'redfish', '--systems', '7')

    async def asked(self, *blocks: str, **more) -> tuple:
        body = {'Name': 'n', 'Links': links(*blocks), **more}
        return await self.post(SYSTEMS, body)

    async def zones_of(self, block: str) -> list[str]:
        zones = (await self.block(block))['Links']['Zones']
        return [zone['@odata.id'].rsplit('/', 1)[1] for zone in zones]

    async def test_parts_that_share_no_zone(self):
        await self.options(zones='pairs')
        self.assertEqual(
            (['zone-1', 'zone-2'], ['zone-1'], ['zone-2'], ['zone-1']),
            (
                await self.zones_of('compute-1'),
                await self.zones_of('storage-1-1'),
                await self.zones_of('storage-2-1'),
                await self.zones_of('network-4-1'),
            ),
        )
        first = await self.get(f'{ZONES}/zone-1')
        self.assertIn(
            {'@odata.id': f'{BLOCKS}/storage-1-1'},
            first['Links']['ResourceBlocks'],
        )
        await self.refused(
            400,
            'IncompatibleZone',
            await self.asked('compute-1', 'storage-2-1', 'network-4-1'),
        )
        await self.compose('compute-1', 'storage-1-1', 'network-4-1')
        answer = await self.post(
            SYSTEMS,
            {
                'Name': 'n',
                **{
                    kind: {
                        'Members': [
                            {
                                '@Redfish.RequestedCount': 1,
                                '@Redfish.AllowOverprovisioning': True,
                            }
                        ]
                    }
                    for kind in ('Processors', 'Memory')
                },
            },
        )
        self.assertEqual(201, (await self.finish(answer))[0])

    async def test_blocks_in_no_zone(self):
        await self.options(zones='gaps')
        self.assertEqual([], await self.zones_of('compute-1'))
        self.assertEqual(['zone-1'], await self.zones_of('compute-2'))
        for blocks in (('compute-1',), ('compute-1', 'storage-2-1')):
            await self.refused(
                400, 'IncompatibleZone', await self.asked(*blocks)
            )
        await self.compose('compute-2', 'storage-2-1')

    async def test_no_zones_at_all(self):
        await self.options(zones='none')
        self.assertNotIn('ResourceZones', await self.get(SERVICE))
        self.assertEqual(
            404, (await self.request('GET', f'{ZONES}/zone-1'))[0]
        )
        await self.compose('compute-1', 'storage-2-1')
        await self.options(zones='racks')
        self.assertEqual(['zone-1'], await self.zones_of('compute-1'))
        self.assertIn('ResourceZones', await self.get(SERVICE))

    async def test_the_zones_of_one_block(self):
        path = f'/_simulator/resources{BLOCKS}/compute-1'
        for zones, status in (([], 204), (['zone-9'], 404), (['zone-1'], 204)):
            links = [{'@odata.id': f'{ZONES}/{zone}'} for zone in zones]
            got, _, _ = await self.request(
                'PATCH', path, json={'Links': {'Zones': links}}
            )
            self.assertEqual(status, got)
            if status == 204:
                self.assertEqual(zones, await self.zones_of('compute-1'))

    async def test_a_block_for_several_systems(self):
        await self.options(share=['Network'], max_compositions=2)
        for n, state in (
            (1, 'ComposedAndAvailable'),
            (2, 'Composed'),
        ):
            await self.compose(f'compute-{n}', 'network-4-1')
            status = (await self.block('network-4-1'))['CompositionStatus']
            self.assertEqual(
                (state, True, True, 2, n),
                (
                    status['CompositionState'],
                    status['SharingCapable'],
                    status['SharingEnabled'],
                    status['MaxCompositions'],
                    status['NumberOfCompositions'],
                ),
            )
        await self.refused(
            409,
            'ResourceBlockInUse',
            await self.asked('compute-3', 'network-4-1'),
        )
        block = await self.block('network-4-1')
        self.assertEqual(2, len(block['Links']['ComputerSystems']))
        await self.finish(await self.request('DELETE', f'{SYSTEMS}/1'))
        await self.compose('compute-3', 'network-4-1')
        await self.request(
            'DELETE', f'/_simulator/resources{BLOCKS}/network-4-1'
        )
        for n in (2, 3):
            system = await self.get(f'{SYSTEMS}/{n}')
            self.assertEqual(1, len(system['Links']['ResourceBlocks']))

    async def test_a_limit_is_kept_by_those_that_come_at_once(self):
        await self.options(
            share=['Network'], max_compositions=1, compose_seconds=60
        )
        first = await self.asked('compute-1', 'network-4-1')
        second = await self.asked('compute-2', 'network-4-1')
        self.assertEqual((202, 409), (first[0], second[0]))
        await self.request('DELETE', first[2]['Location'])
        self.assertEqual(
            202, (await self.asked('compute-2', 'network-4-1'))[0]
        )

    async def test_any_number_of_systems_on_a_block_that_stays_unused(self):
        await self.options(share=['Network'], shared_state='Unused')
        for n in range(1, 5):
            await self.compose(f'compute-{n}', 'network-4-1')
        status = (await self.block('network-4-1'))['CompositionStatus']
        self.assertNotIn('MaxCompositions', status)
        self.assertEqual('Unused', status['CompositionState'])
        # Its owner can forbid it.
        got, _, _ = await self.request(
            'PATCH',
            f'{BLOCKS}/network-7-1',
            json={'CompositionStatus': {'SharingEnabled': False}},
        )
        self.assertEqual(200, got)
        await self.compose('compute-5', 'network-7-1')
        await self.refused(
            409,
            'ResourceBlockInUse',
            await self.asked('compute-6', 'network-7-1'),
        )

    async def test_blocks_without_a_type(self):
        await self.options(block_types='empty')
        self.assertEqual(
            [], (await self.block('compute-1'))['ResourceBlockType']
        )
        await self.options(block_types='missing')
        self.assertNotIn('ResourceBlockType', await self.block('compute-1'))
        await self.compose('compute-1')

    async def test_refusing_every_compose(self):
        for status in (400, 405, 500, 503):
            await self.options(refuse_compose=status)
            for path in (SYSTEMS, COMPOSE):
                got, body, headers = await self.post(path)
                self.assertEqual(status, got, body)
        await self.options(refuse_compose=None)
        await self.compose('compute-1')

    async def test_properties_that_are_required(self):
        await self.options(
            required_on_create=[
                'AssetTag=gold,silver',
                'HostName',
                'Boot/BootSourceOverrideMode=UEFI',
            ]
        )
        shown = await self.get(f'{SYSTEMS}/Capabilities')
        self.assertIs(True, shown['AssetTag@Redfish.RequiredOnCreate'])
        self.assertEqual(
            ['gold', 'silver'], shown['AssetTag@Redfish.AllowableValues']
        )
        self.assertIs(True, shown['HostName@Redfish.RequiredOnCreate'])
        self.assertNotIn('HostName@Redfish.OptionalOnCreate', shown)
        self.assertEqual(
            ['UEFI'],
            shown['Boot']['BootSourceOverrideMode@Redfish.AllowableValues'],
        )
        good = {
            'AssetTag': 'gold',
            'HostName': 'any',
            'Boot': {'BootSourceOverrideMode': 'UEFI'},
        }
        for name, key in (
            ('AssetTag', 'PropertyMissing'),
            ('HostName', 'PropertyMissing'),
            ('Boot', 'PropertyMissing'),
        ):
            rest = {k: v for k, v in good.items() if k != name}
            await self.refused(400, key, await self.asked('compute-1', **rest))
        await self.refused(
            400,
            'PropertyValueNotInList',
            await self.asked('compute-1', **{**good, 'AssetTag': 'tin'}),
        )
        answer = await self.asked('compute-1', **good)
        self.assertEqual(201, (await self.finish(answer))[0])


class PatchOnlyTestCase(RedfishTestCase):
    """Systems that are expanded by nothing but a PATCH of their links."""

    arguments = (
        *('--personality', 'redfish', '--systems', '2', '--expandable', '2'),
        *('--compose-by', '--blocks-by', 'list'),
    )

    async def change(self, *entries) -> tuple[int, list[str]]:
        """PATCH the blocks of the first system; the blocks it has then."""
        self.assertNotIn(
            'POST', (await self.request('GET', SYSTEMS))[2]['Allow']
        )
        status, _, _ = await self.request(
            'PATCH',
            f'{SYSTEMS}/1',
            json={
                'Links': {
                    'ResourceBlocks': [
                        {'@odata.id': f'{BLOCKS}/{entry}'}
                        if isinstance(entry, str)
                        else entry
                        for entry in entries
                    ]
                }
            },
        )
        system = await self.get(f'{SYSTEMS}/1')
        shown = system['Links']['ResourceBlocks']
        return status, [b['@odata.id'].rsplit('/', 1)[1] for b in shown]

    async def test_the_whole_list(self):
        system = await self.get(f'{SYSTEMS}/1')
        self.assertNotIn('#ComputerSystem.AddResourceBlock', system['Actions'])
        status, _, _ = await self.post(
            f'{SYSTEMS}/1/Actions/ComputerSystem.AddResourceBlock',
            {'ResourceBlock': {'@odata.id': f'{BLOCKS}/storage-1-1'}},
        )
        self.assertEqual(404, status)
        for entries, status, shown in (
            (
                ('compute-1', 'storage-1-1'),
                200,
                ['compute-1', 'storage-1-1'],
            ),
            (({}, 'storage-2-1'), 400, ['compute-1', 'storage-1-1']),
            (('compute-1', None), 400, ['compute-1', 'storage-1-1']),
            (
                ('compute-1', 'storage-2-1'),
                200,
                ['compute-1', 'storage-2-1'],
            ),
            (('compute-2',), 409, ['compute-1', 'storage-2-1']),
            ((), 400, ['compute-1', 'storage-2-1']),
            (('compute-1',), 200, ['compute-1']),
        ):
            with self.subTest(entries):
                self.assertEqual((status, shown), await self.change(*entries))

    async def test_by_place(self):
        await self.options(blocks_by=['places'])
        for entries, status, shown in (
            (({}, 'storage-1-1'), 200, ['compute-1', 'storage-1-1']),
            (({}, None, 'storage-2-1'), 200, ['compute-1', 'storage-2-1']),
            ((None,), 400, ['compute-1', 'storage-2-1']),
            (({}, None), 200, ['compute-1']),
        ):
            with self.subTest(entries):
                self.assertEqual((status, shown), await self.change(*entries))

    async def test_not_at_all(self):
        await self.options(blocks_by=[])
        self.assertEqual(400, (await self.change('compute-1'))[0])
        await self.options(blocks_by=['list'], refuse_compose=500)
        self.assertEqual(500, (await self.change('compute-1'))[0])


class OthersTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '2')

    async def test_rsd_refuses_or_has_no_action(self):
        uri = f'{ROOT}/Nodes/Actions/Allocate'
        await self.options(refuse_compose=400)
        self.assertEqual(400, (await self.post(uri))[0])
        await self.options(refuse_compose=None, allocate=False)
        self.assertNotIn('Actions', await self.get(f'{ROOT}/Nodes'))
        self.assertEqual(404, (await self.post(uri))[0])

    async def test_eem_refuses(self):
        eem = await self.start_simulator('--personality', 'eem')
        await eem.personality.close()
        eem.personality.set_options(refuse_compose=503)
        url = eem.url.removesuffix('/eem')
        device = next(iter(eem.personality.devices.members.values()))
        async with self.session.put(
            f'{url}{device.uri}/group_id', json={}
        ) as answer:
            self.assertEqual(503, answer.status)
