# SPDX-License-Identifier: Apache-2.0
"""Services that support a part of the specification."""

from __future__ import annotations

from valence_simulator.tests.redfish import BLOCKS
from valence_simulator.tests.redfish import ROOT
from valence_simulator.tests.redfish import SERVICE
from valence_simulator.tests.redfish import SYSTEMS
from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.redfish import links


class VariantsTestCase(RedfishTestCase):
    arguments = (
        *('--personality', 'redfish', '--systems', '4'),
        *('--expandable', '2', '--no-tasks', '--no-preview', '--no-etags'),
        *('--capabilities-on', 'zones'),
    )

    async def test_expandable_systems(self):
        uri = f'{SYSTEMS}/1'
        system = await self.get(uri)
        self.assertEqual(
            ['ExpandableSystem'], system['Composition']['UseCases']
        )
        status, _, headers = await self.request('DELETE', uri)
        self.assertEqual(405, status)
        self.assertNotIn('DELETE', headers['Allow'])
        status, _, _ = await self.post(
            f'{uri}/Actions/ComputerSystem.AddResourceBlock',
            {'ResourceBlock': {'@odata.id': f'{BLOCKS}/storage-1-1'}},
        )
        self.assertEqual(204, status)

    async def test_no_tasks_no_etags_no_preview(self):
        status, _, headers = await self.post(
            SYSTEMS, {'Name': 'n', 'Links': links('compute-3')}
        )
        self.assertEqual(201, status)
        self.assertNotIn('ETag', headers)
        info = await self.get(f'{SERVICE}/ComposeActionInfo')
        types = {p['Name']: p for p in info['Parameters']}['RequestType']
        self.assertEqual(['Apply'], types['AllowableValues'])

    async def test_capabilities_are_on_the_zones(self):
        self.assertNotIn(
            '@Redfish.CollectionCapabilities', await self.get(SYSTEMS)
        )
        zone = await self.get(f'{SERVICE}/ResourceZones/zone-1')
        shown = zone['@Redfish.CollectionCapabilities']['Capabilities'][0]
        self.assertEqual(
            [{'@odata.id': zone['@odata.id']}], shown['Links']['RelatedItem']
        )


class ExpansionBoxTestCase(RedfishTestCase):
    arguments = (
        *('--personality', 'redfish', '--systems', '2'),
        *('--expandable', '2', '--no-composition-service', '--no-tasks'),
    )

    async def test_blocks_are_on_the_root(self):
        root = await self.get(ROOT)
        self.assertNotIn('CompositionService', root)
        blocks = await self.get(root['ResourceBlocks']['@odata.id'])
        self.assertIn(
            {'@odata.id': f'{BLOCKS}/storage-1-1'}, blocks['Members']
        )
        self.assertEqual(405, (await self.post(SYSTEMS, {'Name': 'n'}))[0])
        status, system, _ = await self.request(
            'PATCH',
            f'{SYSTEMS}/1',
            json={
                'Links': {
                    'ResourceBlocks': [
                        {},
                        *links('storage-1-1')['ResourceBlocks'],
                    ]
                }
            },
        )
        self.assertEqual(200, status, system)
        self.assertEqual(2, len(system['Links']['ResourceBlocks']))
