# SPDX-License-Identifier: Apache-2.0
"""Constrained composition, manifests and reservations."""

from __future__ import annotations

import asyncio

from valence_simulator.tests.redfish import BLOCKS
from valence_simulator.tests.redfish import SERVICE
from valence_simulator.tests.redfish import SYSTEMS
from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.redfish import links

COMPOSE = f'{SERVICE}/Actions/CompositionService.Compose'
COUNT = '@Redfish.RequestedCount'
OVER = '@Redfish.AllowOverprovisioning'


class ConstrainedTestCase(RedfishTestCase):
    arguments = (
        *('--personality', 'redfish', '--systems', '10'),
        *('--systems-per-rack', '5'),
    )

    async def ask(self, **body) -> tuple:
        return await self.post(SYSTEMS, {'Name': 'n', **body})

    async def test_the_smallest_that_fits(self):
        status, system, _ = await self.finish(
            await self.ask(
                Processors={'Members': [{COUNT: 2, 'TotalCores': 10}]},
                Memory={'Members': [{COUNT: 2, 'CapacityMiB': 8192}]},
                Storage={
                    'Members': [
                        {
                            COUNT: 1,
                            'Drives': [
                                {COUNT: 2, 'CapacityBytes': 500 * 10**9}
                            ],
                        }
                    ]
                },
                EthernetInterfaces={
                    'Members': [{COUNT: 2, 'SpeedMbps': 10000}]
                },
            )
        )
        self.assertEqual(201, status, system)
        used = [
            link['@odata.id'].rsplit('/', 1)[1]
            for link in system['Links']['ResourceBlocks']
        ]
        self.assertEqual('compute-2', used[0])
        kinds = sorted(block.split('-')[0] for block in used[1:])
        self.assertEqual(['network', 'shared', 'shared'], kinds)

    async def test_no_match_and_overprovisioning(self):
        three = {COUNT: 3, 'TotalCores': 1}
        await self.refused(
            409,
            'NoResourceMatch',
            await self.ask(Processors={'Members': [three]}),
        )
        one = {COUNT: 1, 'TotalCores': 24}
        await self.refused(
            409,
            'NoResourceMatch',
            await self.ask(Processors={'Members': [one]}),
        )
        status, system, _ = await self.finish(
            await self.ask(Processors={'Members': [{**one, OVER: True}]})
        )
        self.assertEqual(201, status, system)
        gpu = {COUNT: 1, 'ProcessorType': 'GPU'}
        status, system, _ = await self.finish(
            await self.ask(Processors={'Members': [gpu]})
        )
        self.assertEqual(201, status, system)
        self.assertIn(
            {'@odata.id': f'{BLOCKS}/gpu-9'},
            system['Links']['ResourceBlocks'],
        )

    async def test_zones(self):
        body = {'Name': 'n', 'Links': links('compute-1', 'storage-6-1')}
        await self.refused(
            400, 'IncompatibleZone', await self.post(SYSTEMS, body)
        )
        status, system, _ = await self.finish(
            await self.ask(
                Processors={'Members': [{COUNT: 2}]},
                **{'@Redfish.ZoneAffinity': 'zone-2'},
            )
        )
        self.assertEqual(201, status)
        block = system['Links']['ResourceBlocks'][0]['@odata.id']
        zones = (await self.get(block))['Links']['Zones']
        self.assertEqual(
            [{'@odata.id': f'{SERVICE}/ResourceZones/zone-2'}], zones
        )

    async def test_bad_requests(self):
        for body in (
            {'Processors': {}},
            {'Processors': {'Members': [{}]}},
            {'Processors': {'Members': [{COUNT: '1'}]}},
            {'Processors': {'Members': [{COUNT: 1, 'Colour': 'red'}]}},
            {'Storage': {'Members': [{COUNT: 1}]}},
            {'Storage': {'Members': [{COUNT: 1, 'Drives': [None]}]}},
            {'Memory': {'Members': []}, '@Redfish.ZoneAffinity': {}},
            {'Links': links('compute-1'), 'Memory': {'Members': []}},
        ):
            status, answer, _ = await self.ask(**body)
            self.assertEqual(400, status, answer)


class ManifestTestCase(RedfishTestCase):
    def manifest(self, *stanzas, **more) -> dict:
        return {
            'RequestFormat': 'Manifest',
            'RequestType': 'Apply',
            'Manifest': {'Stanzas': list(stanzas)},
            **more,
        }

    def stanza(self, *blocks: str) -> dict:
        return {
            'StanzaType': 'ComposeSystem',
            'StanzaId': blocks[0],
            'Request': {'Links': links(*blocks)},
        }

    async def test_all_or_nothing(self):
        status, body, _ = await self.finish(
            await self.post(
                COMPOSE,
                self.manifest(
                    self.stanza('compute-1'), self.stanza('compute-2')
                ),
            )
        )
        self.assertEqual(200, status, body)
        uris = [
            stanza['Response']['@odata.id']
            for stanza in body['Manifest']['Stanzas']
        ]
        self.assertEqual(2, len(uris))
        await self.refused(
            409,
            'ResourceBlockInUse',
            await self.post(
                COMPOSE,
                self.manifest(
                    self.stanza('compute-3'), self.stanza('compute-1')
                ),
            ),
        )
        self.assertEqual('Unused', (await self.state_of('compute-3'))[0])
        gone = {
            'StanzaType': 'DecomposeSystem',
            'StanzaId': 'x',
            'Request': {
                'Links': {'ComputerSystems': [{'@odata.id': uris[0]}]}
            },
        }
        status, body, _ = await self.finish(
            await self.post(
                COMPOSE, self.manifest(gone, self.stanza('compute-3'))
            )
        )
        self.assertEqual(200, status, body)
        self.assertEqual(404, (await self.request('GET', uris[0]))[0])

    async def test_preview_and_reservation(self):
        body = self.manifest(self.stanza('compute-1'))
        status, answer, _ = await self.post(
            COMPOSE, {**body, 'RequestType': 'Preview'}
        )
        self.assertEqual(200, status, answer)
        self.assertEqual([], (await self.get(SYSTEMS))['Members'])
        status, answer, _ = await self.post(
            COMPOSE, {**body, 'RequestType': 'PreviewReserve'}
        )
        held = answer['ReservationId']
        await self.get(f'{SERVICE}/CompositionReservations/{held}')
        await self.refused(
            409,
            'SpecifiedResourceAlreadyReserved',
            await self.post(
                SYSTEMS, {'Name': 'n', 'Links': links('compute-1')}
            ),
        )
        status, answer, _ = await self.finish(
            await self.post(COMPOSE, {**body, 'ReservationId': held})
        )
        self.assertEqual(200, status, answer)
        reservations = f'{SERVICE}/CompositionReservations'
        self.assertEqual([], (await self.get(reservations))['Members'])

    async def test_reservations_end(self):
        body = self.manifest(
            self.stanza('compute-1'), RequestType='PreviewReserve'
        )
        _, answer, _ = await self.post(COMPOSE, body)
        uri = f'{SERVICE}/CompositionReservations/{answer["ReservationId"]}'
        self.assertEqual(204, (await self.request('DELETE', uri))[0])
        self.server.personality.options.reservation_seconds = 0.01
        await self.post(COMPOSE, body)
        await asyncio.sleep(0.05)
        await self.compose('compute-1')

    async def test_careless(self):
        self.server.personality.options.careless = True
        body = self.manifest(
            self.stanza('compute-1'),
            self.stanza('compute-1'),
            RequestType='Preview',
        )
        self.assertEqual(409, (await self.post(COMPOSE, body))[0])
        self.assertEqual(1, len((await self.get(SYSTEMS))['Members']))

    async def test_bad_manifests(self):
        good = self.manifest(self.stanza('compute-1'))
        for key, body in (
            ('PropertyMissing', {'RequestFormat': 'Manifest'}),
            ('PropertyValueNotInList', {**good, 'RequestType': 'Maybe'}),
            ('PropertyValueTypeError', {**good, 'ReservationId': []}),
            ('EmptyManifest', self.manifest()),
            ('EmptyManifest', self.manifest({'StanzaType': 'ComposeSystem'})),
            (
                'UnableToProcessStanzaRequest',
                self.manifest({'StanzaType': 'OEM', 'Request': {'a': 1}}),
            ),
        ):
            await self.refused(400, key, await self.post(COMPOSE, body))
