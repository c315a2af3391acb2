# SPDX-License-Identifier: Apache-2.0
"""Work that is not done when its answer says so."""

from __future__ import annotations

from valence_simulator.tests import base
from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.redfish import links

ROOT = '/redfish/v1'
NODES = f'{ROOT}/Nodes'
SYSTEMS = f'{ROOT}/Systems'
BLOCKS = f'{ROOT}/CompositionService/ResourceBlocks'
CRITICAL = {
    'TaskState': 'Completed',
    'TaskStatus': 'Critical',
    'Messages': ['A drive could not be erased.'],
}


class Mixin:
    """What holds for every service that has systems and tasks."""

    #: Where compositions are listed.
    collection = ''

    async def make(self) -> str:
        """Compose something; its URI."""
        raise NotImplementedError

    def reset_of(self, uri: str) -> str:
        raise NotImplementedError

    async def status(self, uri: str) -> int:
        return (await self.request('GET', uri))[0]

    async def listed(self) -> list[str]:
        members = (await self.get(self.collection))['Members']
        return [member['@odata.id'] for member in members]

    async def power(self, uri: str) -> str:
        return (await self.get(uri))['PowerState']

    async def task_of(self, answer: tuple) -> dict:
        """Return the task of a 202 response."""
        status, body, _ = answer
        self.assertEqual(202, status, body)
        return await self.get(body['@odata.id'])

    async def reset(self, uri: str, kind: str) -> tuple:
        return await self.post(self.reset_of(uri), {'ResetType': kind})

    async def test_unreadable_for_a_while(self):
        await self.options(unreadable_seconds=60)
        uri = await self.make()
        self.assertEqual([uri], await self.listed())
        self.assertEqual(404, await self.status(uri))
        self.assertEqual(404, (await self.request('DELETE', uri))[0])
        self.assertEqual(404, (await self.reset(uri, 'On'))[0])
        await self.control('finish')
        self.assertEqual(200, await self.status(uri))

    async def test_unlisted_for_a_while(self):
        await self.options(unlisted_seconds=60)
        uri = await self.make()
        self.assertEqual(200, await self.status(uri))
        self.assertEqual([], await self.listed())
        await self.control('finish')
        self.assertEqual([uri], await self.listed())

    async def test_released_and_there_for_a_while(self):
        await self.options(lingering_seconds=60, task_on=[])
        uri = await self.make()
        parts = (await self.state())['nodes'][0]['parts']
        self.assertEqual(204, (await self.request('DELETE', uri))[0])
        self.assertEqual(404, await self.status(uri))
        self.assertEqual(404, (await self.request('DELETE', uri))[0])
        self.assertEqual([uri], await self.listed())
        self.assertEqual(parts, (await self.state())['nodes'][0]['parts'])
        await self.control('finish')
        self.assertEqual([], await self.listed())

    async def test_power_takes_its_time(self):
        uri = await self.make()
        await self.options(power_seconds=60)
        for kind, before, after in (
            ('ForceOff', 'PoweringOff', 'Off'),
            ('On', 'PoweringOn', 'On'),
            ('GracefulShutdown', 'PoweringOff', 'Off'),
            ('ForceRestart', 'PoweringOn', 'On'),
        ):
            self.assertEqual(204, (await self.reset(uri, kind))[0])
            self.assertEqual(before, await self.power(uri))
            await self.control('finish')
            self.assertEqual(after, await self.power(uri))
        await self.reset(uri, 'ForceOff')
        await self.reset(uri, 'On')
        await self.control('finish')
        self.assertEqual('On', await self.power(uri))

    async def test_accepted_and_not_done(self):
        uri = await self.make()
        before = await self.get(uri)
        await self.order(path=self.collection, fault='ignore')
        await self.options(task_on=[])
        boot = {'Boot': {'BootSourceOverrideTarget': 'Pxe'}}
        for answer, status in (
            (await self.reset(uri, 'ForceOff'), 204),
            (await self.request('PATCH', uri, json=boot), 200),
            (await self.request('DELETE', uri), 204),
            # A request that is not right is refused all the same.
            (await self.reset(uri, 'Sideways'), 400),
        ):
            self.assertEqual(status, answer[0], answer[1])
        self.assertEqual(before, await self.get(uri))
        made = await self.make()
        self.assertNotEqual(uri, made)
        self.assertEqual(404, await self.status(made))

    async def test_work_becomes_a_task(self):
        uri = await self.make()
        await self.options(task_on=['reset', 'patch', 'release'])
        boot = {'Boot': {'BootSourceOverrideTarget': 'Pxe'}}
        for request in (
            self.reset(uri, 'ForceOff'),
            self.request('PATCH', uri, json=boot),
            self.request('DELETE', uri),
        ):
            answer = await request
            self.assertEqual(202, answer[0])
            status, body, _ = await self.finish(answer)
            self.assertIn(status, (200, 204), body)
        self.assertEqual([], await self.listed())

    async def test_the_power_supply_is_missing(self):
        uri = await self.make()
        await self.options(task_on=['reset'], task_seconds=60)
        await self.reset(uri, 'ForceOff')
        await self.control('finish')
        await self.order(
            path='.*Reset',
            fault='fail-task',
            value='The power supply is missing.',
        )
        answer = await self.reset(uri, 'On')
        self.assertEqual('Running', (await self.task_of(answer))['TaskState'])
        await self.control('finish')
        task = await self.task_of(answer)
        self.assertEqual(
            ('Exception', 'Critical', 'The power supply is missing.'),
            (
                task['TaskState'],
                task['TaskStatus'],
                task['Messages'][0]['Message'],
            ),
        )
        status, body, _ = await self.request('GET', answer[2]['Location'])
        self.assertEqual(500, status)
        self.assertEqual(
            'The power supply is missing.', body['error']['message']
        )
        self.assertEqual('Off', await self.power(uri))

    async def test_completed_is_not_done(self):
        uri = await self.make()
        await self.options(task_on=['release'], task_location='task')
        await self.order(path=uri, fault='task', value=CRITICAL)
        answer = await self.request('DELETE', uri)
        self.assertEqual(
            answer[1]['@odata.id'], answer[2]['Location'], answer[1]
        )
        await self.control('finish')
        task = await self.get(answer[2]['Location'])
        self.assertNotIn('TaskMonitor', task)
        self.assertEqual(
            ('Completed', 'Critical', 100),
            (task['TaskState'], task['TaskStatus'], task['PercentComplete']),
        )
        self.assertEqual([uri], await self.listed())
        # Without tasks, the same is an error.
        await self.options(task_on=[])
        self.assertEqual(500, (await self.request('DELETE', uri))[0])

    async def test_done_though_critical(self):
        uri = await self.make()
        await self.options(task_on=['release'])
        await self.order(
            path=uri, fault='task', value={**CRITICAL, 'work': True}
        )
        answer = await self.request('DELETE', uri)
        self.assertEqual(204, (await self.finish(answer))[0])
        self.assertEqual([], await self.listed())

    async def test_a_task_that_stays(self):
        uri = await self.make()
        await self.options(task_on=['release'], task_seconds=0.01)
        await self.order(
            path=uri, fault='task', value={'TaskState': 'Suspended'}
        )
        answer = await self.request('DELETE', uri)
        await self.control('finish')
        task = await self.task_of(answer)
        self.assertEqual('Suspended', task['TaskState'])
        self.assertLess(task['PercentComplete'], 100)
        monitor = answer[2]['Location']
        self.assertEqual(202, await self.status(monitor))
        await self.options(task_cancel=False)
        self.assertEqual(405, (await self.request('DELETE', monitor))[0])
        await self.options(task_cancel=True)
        await self.request('DELETE', monitor)
        self.assertEqual(
            'Cancelled', (await self.task_of(answer))['TaskState']
        )
        self.assertEqual([uri], await self.listed())

    async def test_forms_of_a_202(self):
        uri = await self.make()
        await self.options(task_on=['reset'])
        for form, location, body in (
            ('monitor', 'TaskMonitors', True),
            ('task', 'Tasks/', True),
            ('body', '', True),
            ('bare', 'TaskMonitors', False),
        ):
            await self.options(task_location=form)
            answer = await self.reset(uri, 'On')
            self.assertEqual(202, answer[0])
            self.assertIn(location, answer[2].get('Location', ''), form)
            self.assertEqual(location != '', 'Location' in answer[2])
            self.assertEqual(body, bool(answer[1]))

    async def test_a_task_is_forgotten(self):
        uri = await self.make()
        await self.options(
            task_on=['reset'], task_lifetime=60, task_seconds=60
        )
        answer = await self.reset(uri, 'On')
        await self.control('finish')
        self.assertEqual(
            'Completed', (await self.task_of(answer))['TaskState']
        )
        await self.control('finish')
        for gone in (answer[1]['@odata.id'], answer[2]['Location']):
            self.assertEqual(404, await self.status(gone))


class RedfishOutcomesTestCase(Mixin, RedfishTestCase):
    arguments = ('--personality', 'redfish', '--systems', '2')
    collection = SYSTEMS

    async def make(self) -> str:
        free = [
            block['uri'].rsplit('/', 1)[1]
            for block in (await self.state())['blocks']
            if block['type'] == 'Compute' and block['state'] == 'Unused'
        ]
        return await self.compose(free[0])

    def reset_of(self, uri: str) -> str:
        return f'{uri}/Actions/ComputerSystem.Reset'

    async def test_other_work_that_is_not_done(self):
        uri = await self.compose('compute-1')
        await self.order(path=uri, fault='task', value=CRITICAL)
        block = {'@odata.id': f'{BLOCKS}/storage-1-1'}
        for answer in (
            await self.post(
                f'{uri}/Actions/ComputerSystem.AddResourceBlock',
                {'ResourceBlock': block},
            ),
            await self.post(
                f'{uri}/Actions/ComputerSystem.Decommission',
                {'DecommissionTypes': ['All']},
            ),
        ):
            status, task, _ = await self.finish(answer)
            self.assertEqual((200, 'Critical'), (status, task['TaskStatus']))
        system = await self.get(uri)
        self.assertEqual(
            links('compute-1')['ResourceBlocks'],
            system['Links']['ResourceBlocks'],
        )
        self.assertEqual('Unused', (await self.state_of('storage-1-1'))[0])
        (block,) = (
            b
            for b in (await self.state())['blocks']
            if b['uri'] == f'{BLOCKS}/compute-1'
        )
        self.assertFalse(block['erased'])

    async def test_a_compose_that_completes_critically(self):
        await self.order(path=SYSTEMS, fault='task', value=CRITICAL)
        answer = await self.post(
            SYSTEMS, {'Name': 'n', 'Links': links('compute-1')}
        )
        status, task, _ = await self.finish(answer)
        self.assertEqual((200, 'Critical'), (status, task['TaskStatus']))
        self.assertEqual([], await self.listed())
        self.assertEqual('Unused', (await self.state_of('compute-1'))[0])


class RsdOutcomesTestCase(Mixin, RedfishTestCase):
    arguments = ('--systems', '2')
    collection = NODES

    async def make(self) -> str:
        _, _, headers = await self.post(f'{NODES}/Actions/Allocate')
        uri = headers['Location']
        if self.server.personality.options.unreadable_seconds:
            return uri
        if await self.status(uri) == 200:
            await self.wait_for(uri, ComposedNodeState='Allocated')
            await self.post(f'{uri}/Actions/ComposedNode.Assemble')
            await self.wait_for(uri, ComposedNodeState='Assembled')
        return uri

    def reset_of(self, uri: str) -> str:
        return f'{uri}/Actions/ComposedNode.Reset'

    async def test_other_work_that_is_not_done(self):
        uri = await self.make()
        info = await self.get(f'{uri}/Actions/AttachResourceActionInfo')
        part = info['Parameters'][0]['AllowableValues'][0]
        action = f'{uri}/Actions/ComposedNode'
        await self.options(task_on=['change', 'erase'])
        await self.order(path=uri, fault='task', value=CRITICAL, count=1)
        await self.finish(
            await self.post(f'{action}.AttachResource', {'Resource': part})
        )
        self.assertNotIn(part, (await self.get(uri))['Links']['Storage'])
        await self.finish(
            await self.post(f'{action}.AttachResource', {'Resource': part})
        )
        self.assertIn(part, (await self.get(uri))['Links']['Storage'])
        await self.order(path=uri, fault='ignore')
        await self.finish(
            await self.post(f'{action}.DetachResource', {'Resource': part})
        )
        self.assertIn(part, (await self.get(uri))['Links']['Storage'])

    async def test_a_system_is_reset_by_itself(self):
        system = f'{SYSTEMS}/system-1'
        await self.options(task_on=['reset'])
        answer = await self.post(
            f'{system}/Actions/ComputerSystem.Reset', {'ResetType': 'On'}
        )
        self.assertEqual(204, (await self.finish(answer))[0])
        self.assertEqual('On', await self.power(system))


class EemOutcomesTestCase(base.SimulatorTestCase):
    arguments = ('--personality', 'eem', '--systems', '1')

    async def test_accepted_and_not_done(self):
        (server,) = (await self.get('/eem/devices?status=eesv'))['devices']
        uri = f'/eem/devices/{server["id"]}'
        await self.order(path=uri, fault='ignore', count=1)
        status, answer, _ = await self.request(
            'PUT', f'{uri}/group_id', json={}
        )
        self.assertEqual((200, '16'), (status, answer['group_id']))
        device = (await self.get(uri))['device']
        self.assertEqual('4094', device['group_id'])

    async def test_groups_are_reported_late(self):
        await self.options(unreadable_seconds=60, lingering_seconds=60)
        made = await self.control('compose')
        self.assertEqual('/eem/groups/16', made['uri'])

        async def grouped() -> list[dict]:
            return (await self.get('/eem/devices?group_id=16'))['devices']

        self.assertEqual([], await grouped())
        await self.control('finish')
        (device,) = await grouped()
        uri = f'/eem/devices/{device["id"]}/group_id'
        self.assertEqual(200, (await self.request('DELETE', uri))[0])
        self.assertEqual([device], await grouped())
        await self.control('finish')
        self.assertEqual([], await grouped())
