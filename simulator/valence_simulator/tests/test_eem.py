# SPDX-License-Identifier: Apache-2.0
"""The simulated ExpEther Manager."""

from __future__ import annotations

import asyncio
import base64

from valence_simulator.tests import base


class EemTestCase(base.SimulatorTestCase):
    arguments = ('--personality', 'eem', '--systems', '4')

    async def devices(self, **query) -> list[dict]:
        body = await self.get('/eem/devices/detail', params=query)
        return body['devices']

    async def device(self, device: dict) -> dict:
        return (await self.get(f'/eem/devices/{device["id"]}'))['device']

    async def set_group(self, device: dict, **body) -> tuple[int, dict]:
        status, answer, _ = await self.request(
            'PUT', f'/eem/devices/{device["id"]}/group_id', json=body
        )
        return status, answer

    async def test_inventory_in_one_call(self):
        devices = await self.devices()
        self.assertEqual(12, len(devices))
        servers = await self.devices(status='eesv', group_id='4094')
        self.assertEqual(4, len(servers))
        boxes = await self.devices(status='eeio', group_id='4093')
        kinds = {int(b['pcie_class_code'], 16) >> 16 for b in boxes}
        self.assertEqual({0x01, 0x02, 0x03, 0x12}, kinds)
        listed = await self.get('/eem/devices')
        self.assertEqual(
            [device['id'] for device in devices],
            [device['id'] for device in listed['devices']],
        )
        version = await self.get('/eem/api_version')
        self.assertEqual(['version_number'], list(version))

    async def test_changes_since(self):
        devices = await self.devices()
        latest = max(int(device['update_time']) for device in devices)
        self.assertEqual([], await self.devices(update_time=str(latest)))
        await self.request('PUT', f'/eem/devices/{devices[0]["id"]}/audit')
        changed = await self.devices(update_time=str(latest))
        self.assertEqual([devices[0]['id']], [d['id'] for d in changed])

    async def test_compose_and_release(self):
        server = (await self.devices(status='eesv'))[0]
        box = (await self.devices(status='eeio'))[0]
        status, answer = await self.set_group(
            server, update_time=server['update_time']
        )
        self.assertEqual((200, '16'), (status, answer['group_id']))
        status, answer = await self.set_group(box, group_id='16')
        self.assertEqual(200, status)
        await asyncio.sleep(0.05)
        port = (await self.device(server))['downstream_ports'][0]
        self.assertEqual(
            ('up', box['mac_address']),
            (port['eeio_connection_status'], port['eeio_mac_address']),
        )
        shown = await self.device(box)
        self.assertEqual(
            ('up', server['mac_address']),
            (shown['eesv_connection_status'], shown['eesv_mac_address']),
        )
        state = await self.state()
        self.assertEqual(2, len(state['nodes'][0]['parts']))
        status, answer = await self.set_group(box, group_id='17')
        self.assertEqual((409, 'group_id_in_use'), (status, answer['code']))
        for device in (box, server):
            status, _, _ = await self.request(
                'DELETE', f'/eem/devices/{device["id"]}/group_id'
            )
            self.assertEqual(200, status)
        self.assertEqual('4093', (await self.device(box))['group_id'])
        self.assertEqual('4094', (await self.device(server))['group_id'])
        self.assertEqual([], (await self.device(server))['downstream_ports'])

    async def test_refusals(self):
        server, box = (await self.devices())[:2]
        for body, status in (
            ({'update_time': '1'}, 409),
            ({'group_id': '15'}, 400),
            ({'group_id': '4093'}, 400),
            ({'group_id': 'x'}, 400),
        ):
            got, answer = await self.set_group(box, **body)
            self.assertEqual(status, got, answer)
            self.assertEqual(['code', 'message'], list(answer))
        await self.request(
            'PATCH',
            f'/_simulator/resources/eem/devices/{box["id"]}',
            json={'notification_status0': ['down', 'down']},
        )
        self.assertEqual(409, (await self.set_group(box))[0])
        for method, path, status in (
            ('GET', '/eem/devices/0x99', 404),
            ('POST', '/eem/devices', 405),
            ('DELETE', f'/eem/devices/{server["id"]}', 409),
            ('DELETE', f'/eem/devices/{server["id"]}?force=enabled', 204),
            ('GET', f'/eem/devices/{server["id"]}', 404),
            ('GET', '/redfish/v1', 404),
        ):
            got, _, _ = await self.request(method, path)
            self.assertEqual(status, got, path)

    async def test_led(self):
        device = (await self.devices())[0]
        path = f'/eem/devices/{device["id"]}/uid_led_status'
        await self.request('PUT', path, json={'uid_led_status': 'on'})
        self.assertEqual({'uid_led_status': 'on'}, await self.get(path))


class EemLoginTestCase(base.SimulatorTestCase):
    arguments = (
        *('--personality', 'eem', '--systems', '1'),
        *('--username', 'a', '--password', 'b'),
    )

    async def test_basic(self):
        self.assertEqual(401, (await self.request('GET', '/eem/groups'))[0])
        login = base64.b64encode(b'a:b').decode()
        await self.get(
            '/eem/groups', headers={'Authorization': f'Basic {login}'}
        )
