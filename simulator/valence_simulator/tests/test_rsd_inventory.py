# SPDX-License-Identifier: Apache-2.0
"""What the simulated RSD pod manager shows, and how clients read it."""

from __future__ import annotations

import base64

import aiohttp

from valence_simulator.tests import base

ROOT = '/redfish/v1'


def links_of(value: object):
    """All URIs that a document links to."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == '@odata.id' and isinstance(item, str):
                yield item.split('#')[0]
            else:
                yield from links_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from links_of(item)


class InventoryTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '12', '--systems-per-rack', '8')

    async def test_every_link_leads_somewhere(self):
        seen, todo = set(), [ROOT]
        while todo:
            uri = todo.pop()
            if uri in seen:
                continue
            seen.add(uri)
            document = await self.get(uri)
            self.assertEqual(uri, document['@odata.id'])
            todo.extend(links_of(document))
        self.assertEqual(
            12, sum(u.count('/') == 4 for u in seen if '/Systems/' in u)
        )

    async def test_root_is_at_both_places(self):
        for path in (ROOT, f'{ROOT}/'):
            root = await self.get(path)
            self.assertEqual(
                '2.4.0', root['Oem']['Intel_RackScale']['ApiVersion']
            )
        self.assertEqual({'v1': f'{ROOT}/'}, await self.get('/redfish'))

    async def test_chassis_tree(self):
        chassis = {
            member['@odata.id']: await self.get(member['@odata.id'])
            for member in (await self.get(f'{ROOT}/Chassis'))['Members']
        }
        kinds = [c['ChassisType'] for c in chassis.values()]
        self.assertEqual(
            {'Pod': 1, 'Rack': 2, 'Drawer': 2, 'Sled': 12, 'Enclosure': 1},
            {kind: kinds.count(kind) for kind in kinds},
        )
        for uri, shown in chassis.items():
            location = shown['Oem']['Intel_RackScale']['Location']
            for link in shown['Links']['Contains']:
                child = chassis[link['@odata.id']]
                self.assertEqual(
                    {'@odata.id': uri}, child['Links']['ContainedBy']
                )
                self.assertEqual(
                    location['Id'],
                    child['Oem']['Intel_RackScale']['Location']['ParentId'],
                )

    async def test_requests_a_system(self):
        """A system costs what it costs on a real pod manager."""
        costs = []
        for n in range(1, 11):
            uri = f'{ROOT}/Systems/system-{n}'
            system = await self.get(uri)
            cost = 1
            for name in (
                'Processors',
                'Memory',
                'EthernetInterfaces',
                'Storage',
            ):
                members = await self.get(system[name]['@odata.id'])
                cost += 1 + len(members['Members'])
            storage = await self.get(f'{uri}/Storage/1')
            costs.append(cost + len(storage['Drives']))
        self.assertEqual((11, 12), (min(costs), round(sum(costs) / 10)))

    async def test_same_seed_same_machines(self):
        other = await self.start_simulator('--systems', '3')
        async with aiohttp.ClientSession() as session:
            async with session.get(other.url + '/Systems/system-1') as answer:
                same = await answer.json()
        self.assertEqual(await self.get(f'{ROOT}/Systems/system-1'), same)

    async def test_expand(self):
        systems = f'{ROOT}/Systems'
        expanded = await self.get(systems + '?$expand=.($levels=1)')
        self.assertEqual(12, len(expanded['Members']))
        self.assertEqual(
            await self.get(f'{systems}/system-1'), expanded['Members'][0]
        )
        deep = await self.get(f'{systems}/system-1?$expand=.($levels=2)')
        self.assertEqual(8, deep['Processors']['Members'][0]['TotalCores'])
        self.assertEqual(1, len(deep['Links']['Chassis'][0]))
        links = await self.get(f'{systems}/system-1?$expand=~')
        self.assertEqual('Sled', links['Links']['Chassis'][0]['ChassisType'])
        for query, status in (
            ('$expand=x', 400),
            ('$expand=.($levels=9)', 400),
            ('$nonsense=1', 501),
            ('$select=Id', 200),
            ('colour=red', 200),
        ):
            got, _, _ = await self.request('GET', f'{systems}?{query}')
            self.assertEqual(status, got, query)

    async def test_pages(self):
        await self.request(
            'PATCH', '/_simulator/options', json={'page_size': 5}
        )
        for query in ('', '?$expand=.($levels=1)'):
            uri, sizes, members = f'{ROOT}/Systems{query}', [], []
            while uri:
                page = await self.get(uri)
                self.assertEqual(12, page['Members@odata.count'])
                sizes.append(len(page['Members']))
                members += [m['@odata.id'] for m in page['Members']]
                uri = page.get('Members@odata.nextLink')
            self.assertEqual([5, 5, 2], sizes)
            self.assertEqual(12, len(set(members)))

    async def test_hardware_comes_and_goes(self):
        status, body, _ = await self.post(
            '/_simulator/systems', {'count': 2, 'kind': 'large'}
        )
        self.assertEqual(201, status)
        systems = await self.get(f'{ROOT}/Systems')
        self.assertEqual(14, systems['Members@odata.count'])
        system = await self.get(body['added'][0])
        sled = system['Links']['Chassis'][0]['@odata.id']
        await self.get(sled)
        await self.request(
            'DELETE', f'/_simulator/resources{body["added"][0]}'
        )
        for uri in (body['added'][0], sled):
            self.assertEqual(404, (await self.request('GET', uri))[0])
        systems = await self.get(f'{ROOT}/Systems')
        self.assertEqual(13, systems['Members@odata.count'])
        uri = f'{ROOT}/Systems/system-2'
        await self.request(
            'PATCH',
            f'/_simulator/resources{uri}',
            json={
                'PowerState': 'On',
                'UUID': None,
                'Status': {'@remove': True},
                'Name': 'ü' * 10000,
            },
        )
        system = await self.get(uri)
        self.assertEqual(
            ('On', None, 10000),
            (system['PowerState'], system['UUID'], len(system['Name'])),
        )
        self.assertIsNone(system.get('Status'))

    async def test_methods_and_headers(self):
        status, _, headers = await self.request('PUT', f'{ROOT}/Systems')
        self.assertEqual((405, 'GET, HEAD'), (status, headers['Allow']))
        action = f'{ROOT}/Nodes/Actions/Allocate'
        status, _, headers = await self.request('GET', action)
        self.assertEqual((405, 'POST'), (status, headers['Allow']))
        status, body, headers = await self.request('HEAD', ROOT)
        self.assertEqual(200, status)
        self.assertEqual('4.0', headers['OData-Version'])
        self.assertNotIn('ETag', headers)
        status, _, _ = await self.request(
            'GET', ROOT, headers={'OData-Version': '3.0'}
        )
        self.assertEqual(412, status)
        status, body, headers = await self.request('GET', f'{ROOT}/$metadata')
        self.assertEqual('application/xml', headers['Content-Type'])
        self.assertIn(b'ComputerSystem.v1_5_0', body)


class PlainTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '2', '--no-expand')

    async def test_expand_is_ignored(self):
        root = await self.get(ROOT)
        self.assertIs(
            False,
            root['ProtocolFeaturesSupported']['ExpandQuery']['NoLinks'],
        )
        plain = await self.get(f'{ROOT}/Systems')
        self.assertEqual(plain, await self.get(f'{ROOT}/Systems?$expand=.'))


class LoginTestCase(base.SimulatorTestCase):
    arguments = (
        *('--systems', '1', '--username', 'admin', '--password', 'secret'),
        *('--session-limit', '2'),
    )
    sessions = f'{ROOT}/SessionService/Sessions'

    async def log_in(self, password: str = 'secret'):
        return await self.post(
            self.sessions, {'UserName': 'admin', 'Password': password}
        )

    async def test_without_login(self):
        status, body, headers = await self.request('GET', f'{ROOT}/Systems')
        self.assertEqual(401, status)
        self.assertIn('Basic', headers['WWW-Authenticate'])
        await self.get(ROOT)
        for header in ('Basic x', 'Basic YTpi', 'Bearer x'):
            status, _, _ = await self.request(
                'GET', f'{ROOT}/Systems', headers={'Authorization': header}
            )
            self.assertEqual(401, status)

    async def test_basic(self):
        login = base64.b64encode(b'admin:secret').decode()
        headers = {'Authorization': f'Basic {login}'}
        await self.get(f'{ROOT}/Systems', headers=headers)

    async def test_session(self):
        status, body, headers = await self.log_in()
        self.assertEqual(201, status)
        self.assertNotIn('Password', body)
        token = {'X-Auth-Token': headers['X-Auth-Token']}
        await self.get(f'{ROOT}/Systems', headers=token)
        await self.get(headers['Location'], headers=token)
        status, _, _ = await self.request(
            'DELETE', headers['Location'], headers=token
        )
        self.assertEqual(204, status)
        status, _, _ = await self.request(
            'GET', f'{ROOT}/Systems', headers=token
        )
        self.assertEqual(401, status)

    async def test_refusals(self):
        self.assertEqual(401, (await self.log_in('wrong'))[0])
        status, _, _ = await self.post(self.sessions, {'UserName': 'admin'})
        self.assertEqual(400, status)
        for status in (201, 201, 503):
            self.assertEqual(status, (await self.log_in())[0])

    async def test_expiry(self):
        _, _, headers = await self.log_in()
        token = {'X-Auth-Token': headers['X-Auth-Token']}
        await self.order(path='/redfish', fault='expire-session', count=1)
        for _ in range(2):
            status, _, _ = await self.request(
                'GET', f'{ROOT}/Systems', headers=token
            )
            self.assertEqual(401, status)
        _, _, headers = await self.log_in()
        await self.options(session_timeout=-1)
        token = {'X-Auth-Token': headers['X-Auth-Token']}
        status, _, _ = await self.request(
            'GET', f'{ROOT}/Systems', headers=token
        )
        self.assertEqual(401, status)
        self.assertEqual([], (await self.state())['sessions'])
