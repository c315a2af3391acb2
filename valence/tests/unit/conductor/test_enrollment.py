# SPDX-License-Identifier: Apache-2.0
"""Nodes are handed to what provisions them, and taken back."""

from valence.common import exception
from valence.conductor import managed_nodes
from valence.podmanagers.progress import InProgress
from valence.tests import base
from valence.tests import fixtures

_AWAY = exception.ProvisioningUnavailable(reason='it restarts')
_CONFLICT = exception.ProvisioningConflict(reason='it is in use')


class EnrollmentCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        self.ironic = self.useFixture(fixtures.Provisioner())

    def enroll(self, state='succeeded', **how):
        return self.done('POST', '/v1/nodes/n/register', how, state)

    def now(self):
        return self.client.get('/v1/nodes/n')


class TestRegister(EnrollmentCase):
    def setUp(self):
        super().setUp()
        self.node = self.compose('n')

    def test_made_known(self):
        self.enroll()
        uuid = self.node['uuid']
        self.assertEqual({uuid: 'enroll'}, self.ironic.nodes)
        self.assertEqual([], self.ironic.goals)
        now = self.now()
        self.assertEqual('ironic', now['managed_by'])
        self.assertEqual('enroll', now['managed_state'])
        self.assertEqual('active', now['provision_state'])
        machine = self.ironic.machines[uuid]
        system = self.client.get(
            f'/v1/systems/{self.node["systems"][0]["uuid"]}'
        )
        self.assertEqual('n', machine.name)
        self.assertEqual(system['resource_uri'], machine.system)
        self.assertEqual('http://pod.fake', machine.address)
        self.assertEqual(
            [nic['mac'] for nic in system['nics']],
            [port.address for port in machine.ports],
        )
        self.assertEqual(32, machine.cpus)
        self.assertEqual(65536, machine.memory_mib)
        self.assertEqual(480, machine.disk_gib)
        self.assertEqual('x86-64', machine.architecture)
        self.assertIn('CUSTOM_SSD', machine.traits)
        self.assertIn('HW_CPU_X86_AVX2', machine.traits)
        self.assertIn('CUSTOM_CPU_VALENCE_FAKE_8', machine.traits)
        self.assertIsNone(machine.resource_class)

    def test_where_it_is(self):
        self.client.patch(
            '/v1/pod_managers/pod',
            {'location': 'Hall 2', 'conductor_group': 'East', 'shard': 's1'},
        )
        self.enroll()
        site = self.ironic.machines[self.node['uuid']].site
        self.assertEqual(
            {
                'pod_manager': 'pod',
                'location': 'Hall 2',
                'rack': 'Rack 1',
                'chassis': 'Rack 1',
            },
            site.places,
        )
        self.assertEqual(('East', 's1'), (site.conductor_group, site.shard))

    def ports(self):
        return self.ironic.machines[self.node['uuid']].ports

    def test_what_its_ports_are_connected_to(self):
        self.enroll()
        (port,) = self.ports()
        self.assertEqual(
            {
                'switch_id': '02:00:00:00:ff:01',
                'port_id': 'Ethernet1/1',
                'switch_info': 'fake switch',
            },
            port.local_link_connection,
        )
        self.assertIsNone(port.physical_network)
        self.assertIsNone(port.pxe_enabled)

    def test_requested_ports(self):
        (nic,) = self.client.get(
            f'/v1/systems/{self.node["systems"][0]["uuid"]}'
        )['nics']
        link = {'switch_id': '0123456789abcdef', 'port_id': '7'}
        requested = {
            'address': nic['mac'].upper().replace(':', '-'),
            'local_link_connection': link,
            'physical_network': 'physnet1',
            'pxe_enabled': False,
        }
        self.enroll(ports=[requested])
        for _ in range(2):
            (port,) = self.ports()
            self.assertEqual(link, port.local_link_connection)
            self.assertEqual('physnet1', port.physical_network)
            self.assertIs(False, port.pxe_enabled)
            # It holds for later registrations.
            self.enroll()
        self.enroll(ports=[])
        self.assertIsNone(self.ports()[0].physical_network)

    def test_requested_ports_that_it_does_not_have(self):
        port = {'address': '02:00:00:00:99:99', 'pxe_enabled': True}
        operation = self.enroll('failed', ports=[port])
        self.assertIn('02:00:00:00:99:99', operation['error'])
        self.assertEqual({}, self.ironic.nodes)

    def test_requested_ports_that_are_none(self):
        mac = '02:00:00:00:99:99'
        link = {'switch_id': mac, 'port_id': '1'}
        for ports in (
            [{'address': mac}],
            [{'address': f'{mac}\n', 'pxe_enabled': True}],
            [{'address': mac, 'pxe_enabled': True}] * 2,
            [{'address': mac, 'local_link_connection': {'port_id': '1'}}],
            [
                {
                    'address': mac,
                    'local_link_connection': {**link, 'switch_id': 'tor1'},
                }
            ],
            [{'address': mac, 'physical_network': 'x' * 65}],
        ):
            body = {'ports': ports}
            for path, body in (
                ('/v1/nodes/n/register', {'ports': ports}),
                ('/v1/nodes', {'name': 'm', 'register': {'ports': ports}}),
            ):
                self.assertRefused(400, 'ports', 'POST', path, body)

    def test_requested_goals(self):
        self.enroll(provide=True, resource_class='large', traits=['HW_GPU'])
        self.assertEqual(['manage', 'provide'], self.ironic.goals)
        self.assertEqual('available', self.now()['managed_state'])
        machine = self.ironic.machines[self.node['uuid']]
        self.assertEqual('large', machine.resource_class)
        self.assertEqual('HW_GPU', machine.traits[0])
        self.assertIn('CUSTOM_SSD', machine.traits)

    def test_all_goals_in_order(self):
        self.enroll(provide=True, inspect=True, manage=True)
        self.assertEqual(['manage', 'inspect', 'provide'], self.ironic.goals)

    def test_slow_transition(self):
        for method in ('enroll', 'create_ports', 'request_goal', 'poll_goal'):
            self.ironic.order(method, _AWAY, InProgress(5), _AWAY)
        self.enroll(manage=True)
        self.assertEqual('manageable', self.now()['managed_state'])

    def test_transition_timeout(self):
        self.conf.set(provisioning__timeout=20)
        slow = InProgress(10)
        self.ironic.order('poll_goal', *[slow] * 99)
        self.enroll('failed', manage=True)
        self.assertEqual({}, self.ironic.nodes)
        now = self.now()
        self.assertIsNone(now['managed_by'])
        self.assertEqual('active', now['provision_state'])
        self.assertIsNotNone(now['last_error'])

    def test_a_failure_is_undone(self):
        self.ironic.order('create_ports', _CONFLICT)
        operation = self.enroll('failed')
        self.assertIn('it is in use', operation['error'])
        self.assertEqual({}, self.ironic.nodes)
        self.assertIsNone(self.now()['managed_by'])
        self.assertIsNone(self.now()['managed_state'])

    def test_one_that_was_known_before_stays_known(self):
        self.ironic.nodes[self.node['uuid']] = 'active'
        self.ironic.order('create_ports', _CONFLICT)
        self.enroll('failed')
        self.assertEqual({self.node['uuid']: 'active'}, self.ironic.nodes)

    def test_failed_undo_is_recorded(self):
        self.ironic.order('create_ports', _CONFLICT)
        self.ironic.order('remove', _CONFLICT)
        self.enroll('failed')
        self.assertEqual('ironic', self.now()['managed_by'])

    def test_without_a_login_for_others(self):
        self.client.patch(
            '/v1/pod_managers/pod', {'username': 'me', 'password': 'x'}
        )
        self.assertRefused(
            409, 'hardware_username', 'POST', '/v1/nodes/n/register', {}
        )
        self.assertEqual({}, self.ironic.nodes)
        self.client.patch(
            '/v1/pod_managers/pod',
            {'hardware_username': 'them', 'hardware_password': 'y'},
        )
        self.enroll()
        machine = self.ironic.machines[self.node['uuid']]
        self.assertEqual(('them', 'y'), (machine.username, machine.password))

    def test_node_in_use_is_not_changed(self):
        self.enroll()
        for method, path, body in (
            ('POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}}),
            ('DELETE', '/v1/nodes/n', None),
        ):
            answer = self.client.request(method, path, body)
            self.assertEqual(409, answer.status)


class TestUnregister(EnrollmentCase):
    def setUp(self):
        super().setUp()
        self.node = self.compose('n', register=True)

    def unregister(self, state='succeeded'):
        return self.done('POST', '/v1/nodes/n/unregister', {}, state)

    def test_composed_and_registered_at_once(self):
        self.assertEqual('ironic', self.node['managed_by'])
        self.assertEqual({self.node['uuid']: 'enroll'}, self.ironic.nodes)

    def test_it_is_ours_again(self):
        self.unregister()
        self.assertEqual({}, self.ironic.nodes)
        now = self.now()
        self.assertIsNone(now['managed_by'])
        self.assertIsNone(now['managed_state'])
        self.assertEqual('active', now['provision_state'])
        answer = self.client.request('POST', '/v1/nodes/n/unregister', {})
        self.assertEqual(409, answer.status)

    def test_one_that_is_in_use(self):
        self.ironic.order('remove', _CONFLICT)
        self.unregister('failed')
        now = self.now()
        self.assertEqual('ironic', now['managed_by'])
        self.assertIn('it is in use', now['last_error'])
        self.assertEqual('active', now['provision_state'])

    def test_released_at_once(self):
        self.done('DELETE', '/v1/nodes/n?unregister=true')
        self.assertEqual({}, self.ironic.nodes)
        self.assertEqual({}, self.fake.nodes)

    def test_one_that_is_in_use_is_not_released(self):
        self.ironic.order('remove', _CONFLICT)
        self.done('DELETE', '/v1/nodes/n?unregister=true', state='failed')
        now = self.now()
        self.assertEqual('active', now['provision_state'])
        self.assertIn('it is in use', now['last_error'])
        self.assertEqual(1, len(self.fake.nodes))

    def test_a_compose_that_cannot_be_registered(self):
        self.ironic.order('enroll', _CONFLICT)
        node = self.compose('m', 'failed', register=True)
        self.assertIn('it is in use', node['last_error'])
        self.assertEqual(1, len(self.fake.nodes))


class TestPolling(EnrollmentCase):
    """The states of managed nodes are looked at now and then."""

    def setUp(self):
        super().setUp()
        self.conf.set(provisioning__interval=60)
        self.node = self.compose('n', register=True)
        self.poller = managed_nodes.Poller(self.conductor.lease)

    def tick(self, seconds=61):
        self.clock.advance(seconds)
        self.conductor.lease.renew()
        self.poller.tick()

    def test_changed_state(self):
        self.ironic.nodes[self.node['uuid']] = 'deploying'
        self.tick()
        self.assertEqual('deploying', self.now()['managed_state'])

    def test_not_all_the_time(self):
        self.tick()
        self.ironic.nodes[self.node['uuid']] = 'deploying'
        self.tick(30)
        self.assertEqual('enroll', self.now()['managed_state'])
        self.tick(31)
        self.assertEqual('deploying', self.now()['managed_state'])

    def test_one_that_is_not_there_any_more(self):
        state = self.ironic.nodes.pop(self.node['uuid'])
        self.tick()
        self.assertEqual('missing', self.now()['managed_state'])
        self.assertIsNotNone(self.now()['drift'])
        self.ironic.nodes[self.node['uuid']] = state
        self.tick()
        self.assertIsNone(self.now()['drift'])

    def test_provisioner_unavailable(self):
        self.ironic.order('look', _AWAY)
        self.ironic.nodes[self.node['uuid']] = 'deploying'
        self.tick()
        self.assertEqual('enroll', self.now()['managed_state'])
        self.tick()
        self.assertEqual('deploying', self.now()['managed_state'])

    def test_not_while_an_operation_is_at_work_on_it(self):
        self.begin('POST', '/v1/nodes/n/unregister', {})
        self.ironic.nodes[self.node['uuid']] = 'deploying'
        self.tick()
        self.assertEqual('enroll', self.now()['managed_state'])

    def test_only_who_is_registered_looks(self):
        self.conductor.lease.end()
        self.ironic.nodes[self.node['uuid']] = 'deploying'
        self.clock.advance(61)
        self.poller.tick()
        self.assertEqual('enroll', self.now()['managed_state'])
