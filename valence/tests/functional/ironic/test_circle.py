# SPDX-License-Identifier: Apache-2.0
"""Registration of nodes in a real Ironic."""

import json
import sqlite3
import uuid

from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import ironic
from valence.tests.fixtures import processes
from valence.tests.fixtures import simulator

LOGIN = {
    'hardware_username': simulator.USERNAME,
    'hardware_password': simulator.PASSWORD,
}


class IronicCase(base.PodTestCase):
    """An Ironic, and a Valence that registers nodes in it."""

    auth = 'http_basic'
    more = {}
    group = ''

    @classmethod
    def start(cls):
        reason = ironic.missing()
        if reason:
            raise cls.skipException(reason)
        cls.ironic = cls.use(ironic.Ironic(cls.auth, group=cls.group))
        cls.baremetal = cls.ironic.client
        cls.options = {
            'provisioning__interval': 0.5,
            **cls.more,
            **cls.ironic.options(),
        }
        super().start()

    def ready(self, name, personality='rsd', *options, **more):
        """A pod manager whose nodes Ironic can manage."""
        pod = self.useFixture(
            fixtures.Simulator(
                '--personality', personality, *options, systems=2
            )
        )
        self.register(name, pod, **{**LOGIN, **more})
        self.service.wait_ready(name)
        return pod

    def _remove(self, name):
        # What a test has left in Ironic, or what stands against it there.
        for node in self.baremetal.nodes():
            self.baremetal.set_node_maintenance(node)
            self.baremetal.delete_node(node)
        path = f'/v1/pod_managers/{name}'
        how = 'cascade=true&unregister=true&force=true'
        self.client.request('DELETE', f'{path}?{how}')
        self.client.wait_gone(path)

    def node(self, name='web', **body):
        """Compose a node."""
        made = self.service.compose(name, **body)
        self.assertEqual('active', made['provision_state'], made)
        return made

    def asked(self, verb, name='web', body=None, state='succeeded'):
        """Request an operation such as register, and wait until it ends."""
        answer = self.client.post(f'/v1/nodes/{name}/{verb}', body)
        return self.ended(answer['operation_uuid'], state)

    def ended(self, uuid, state='succeeded'):
        """The finished operation, which has this action."""
        done = self.client.finished(uuid)
        self.assertEqual(state, done['state'], done)
        return done

    def seen(self, name='web'):
        """The node in Valence."""
        return self.client.get(f'/v1/nodes/{name}')

    def known(self):
        """The UUIDs of the nodes in Ironic."""
        return [node.id for node in self.baremetal.nodes()]


class TestCircle(IronicCase):
    def test_full_circle(self):
        pod = self.ready('pod')
        made = self.node()
        self.asked('register', body={'traits': ['CUSTOM_OWN']})
        there = self._is_registered(made)
        self._drive(there)
        self._is_refused()
        shown = json.loads(
            self.ironic.command('node', 'show', '-f', 'json', made['uuid'])
        )
        self.client.wait(
            '/v1/nodes/web', {'managed_state': shown['provision_state']}
        )
        self.assertEqual('available', shown['provision_state'])
        self.asked('unregister')
        self.assertEqual([], self.known())
        here = self.seen()
        self.assertIsNone(here['managed_by'])
        self.assertIsNone(here['managed_state'])
        self.assertEqual('active', here['provision_state'])
        self.service.release('web')
        self.assertEqual([], pod.nodes())

    def _is_registered(self, made):
        """Ironic has the properties of the node; the node in Ironic."""
        here, there = self.seen(), self.baremetal.get_node(made['uuid'])
        self.assertEqual(
            ('ironic', 'enroll', 'active'),
            (
                here['managed_by'],
                here['managed_state'],
                here['provision_state'],
            ),
        )
        (system,) = here['systems']
        self.assertEqual(system['resource_uri'], _info(there, 'system_id'))
        self.assertEqual(simulator.USERNAME, _info(there, 'username'))
        self.assertEqual(
            {
                'cpus': system['cpu_cores'] * 2,
                'memory_mb': system['memory_mib'],
                'cpu_arch': 'x86_64',
                'capabilities': 'boot_mode:uefi',
            },
            {
                name: there.properties[name]
                for name in ('cpus', 'memory_mb', 'cpu_arch', 'capabilities')
            },
        )
        self.assertIn('local_gb', there.properties)
        self.assertEqual(
            (here['project_id'], None), (there.lessee, there.owner)
        )
        self.assertEqual(('web', 'baremetal'), (there.name, _class(there)))
        self.assertLessEqual({'CUSTOM_OWN', 'HW_ARCH_X86_64'}, {*there.traits})
        ports = {p.address for p in self.baremetal.ports(node=there.id)}
        self.assertEqual({nic['mac'] for nic in system['nics']}, ports)
        return there

    def _drive(self, node):
        """Ironic controls the hardware."""
        for goal in ('manage', 'provide'):
            self.baremetal.set_node_provision_state(
                node, goal, wait=True, timeout=90
            )
        for power in ('power off', 'power on'):
            self.baremetal.set_node_power_state(
                node, power, wait=True, timeout=90
            )
            self.client.wait(
                '/v1/nodes/web', {'power_state': power.partition(' ')[2]}
            )
        self.baremetal.set_node_boot_device(node, 'pxe', persistent=True)
        self.assertEqual(
            {'boot_device': 'pxe', 'persistent': True},
            self.baremetal.get_node_boot_device(node),
        )

    def _is_refused(self):
        """Valence rejects requests that Ironic is responsible for."""
        path = '/v1/nodes/web'
        for method, where, body in (
            ('POST', f'{path}/action', {'Reset': {'Type': 'On'}}),
            (
                'POST',
                f'{path}/action',
                {'Boot': {'Enabled': 'Once', 'Target': 'Pxe'}},
            ),
            ('POST', f'{path}/action', {'attach': {'resource_id': 'any'}}),
            ('POST', f'{path}/action', {'detach': {'resource_id': 'any'}}),
            ('DELETE', path, None),
        ):
            answer = self.client.request(method, where, body)
            self.assertEqual(409, answer.status, (where, body, answer))
            self.assertIn('ironic', answer.error['detail'])

    def test_composed_systems_and_back_in_one(self):
        pod = self.ready('pod', 'redfish')
        flavor = {'name': 'gold', 'properties': {}}
        self.client.post('/v1/flavors', flavor)
        self.addCleanup(self.client.delete, '/v1/flavors/gold')
        made = self.node(
            flavor='gold',
            register={'manage': True, 'inspect': True, 'provide': True},
        )
        self.assertEqual('available', made['managed_state'])
        there = self.baremetal.get_node(made['uuid'])
        self.assertEqual(made['resource_uri'], _info(there, 'system_id'))
        self.assertEqual('gold', _class(there))
        gone = self.client.delete('/v1/nodes/web?unregister=true')
        self.ended(gone['operation_uuid'])
        self.client.wait_gone('/v1/nodes/web')
        self.assertEqual([], self.known())
        self.assertEqual([], pod.nodes())

    def test_delete_a_pod_manager_of_registered_nodes(self):
        self.ready('pod')
        made = self.node(register=True)
        path = '/v1/pod_managers/pod?cascade=true'
        answer = self.client.request('DELETE', path)
        self.assertEqual(409, answer.status, answer)
        self.assertIn(made['uuid'], answer.error['detail'])
        gone = self.client.delete(f'{path}&unregister=true')
        self.ended(gone['operation_uuid'])
        self.assertEqual([], self.known())


class TestDisagreement(IronicCase):
    auth = 'noauth'

    def test_nodes_in_use_are_not_removed(self):
        self.ready('pod')
        made = self.node(register=True)
        instance = str(uuid.uuid4())
        node = self.baremetal.update_node(made['uuid'], instance_id=instance)
        for ask in (
            lambda: self.client.post('/v1/nodes/web/unregister'),
            lambda: self.client.delete('/v1/nodes/web?unregister=true'),
        ):
            done = self.ended(ask()['operation_uuid'], 'failed')
            self.assertIn(instance, done['error'])
            here = self.seen()
            self.assertEqual(
                ('ironic', 'active'),
                (here['managed_by'], here['provision_state']),
            )
        self.assertEqual([made['uuid']], self.known())
        self.baremetal.update_node(node, instance_id=None)
        self.asked('unregister')

    def test_nodes_being_cleaned_are_not_removed(self):
        self.ready('pod')
        made = self.node(register=True)
        self._write('provision_state', 'clean wait')
        done = self.asked('unregister', state='failed')
        self.assertIn('clean wait', done['error'])
        self.assertEqual([made['uuid']], self.known())
        self._write('provision_state', 'enroll')
        self.asked('unregister')

    def test_locks_are_waited_for(self):
        self.ready('pod')
        self.node(register=True)
        self._write('reservation', 'somebody')
        asked = self.client.post('/v1/nodes/web/unregister')
        path = f'/v1/operations/{asked["operation_uuid"]}'
        self.client.wait(path, {'step': 'unregister'})
        self._write('reservation', None)
        self.ended(asked['operation_uuid'])
        self.assertEqual([], self.known())

    def _write(self, column, value):
        """Change the only node in the database of Ironic."""
        with sqlite3.connect(self.ironic.database, timeout=60) as database:
            database.execute(f'UPDATE nodes SET {column} = ?', (value,))

    def test_drift(self):
        self.ready('pod')
        made = self.node(register=True)
        self.baremetal.delete_node(made['uuid'])
        here = self.client.wait('/v1/nodes/web', {'managed_state': 'missing'})
        self.assertEqual('missing in ironic', here['drift'])
        self.asked('unregister')
        here = self.seen()
        self.assertIsNone(here['managed_by'])
        self.assertIsNone(here['drift'])
        self.asked('register')
        self.assertEqual([made['uuid']], self.known())

    def test_existing_node(self):
        self.ready('pod')
        made = self.node()
        self.baremetal.create_node(
            id=made['uuid'], driver='redfish', name='old'
        )
        self.asked('register', body={'manage': True})
        there = self.baremetal.get_node(made['uuid'])
        self.assertEqual(('web', 'manageable'), (there.name, _state(there)))

    def test_name_in_use(self):
        self.ready('pod')
        self.baremetal.create_node(driver='redfish', name='web')
        made = self.node(register=True)
        there = self.baremetal.get_node(made['uuid'])
        self.assertEqual(f'web-{made["uuid"]}', there.name)

    def test_mac_address_in_use(self):
        self.ready('pod')
        made = self.node()
        (nic,) = made['systems'][0]['nics']
        other = self.baremetal.create_node(driver='redfish')
        self.baremetal.create_port(node_id=other.id, address=nic['mac'])
        done = self.asked('register', state='failed')
        self.assertIn(nic['mac'], done['error'])
        self._is_as_before([other.id])

    def test_ironic_cannot_log_in(self):
        self.ready('pod', hardware_password='wrong')
        self.node()
        done = self.asked('register', body={'provide': True}, state='failed')
        self.assertIn('manage failed', done['error'])
        self._is_as_before([])

    def test_no_credentials_for_ironic(self):
        self.ready('pod', hardware_username=None, hardware_password=None)
        self.node()
        answer = self.client.request('POST', '/v1/nodes/web/register', {})
        self.assertEqual(409, answer.status, answer)
        self.assertIn('hardware_username', answer.error['detail'])
        self.assertEqual([], self.known())

    def _is_as_before(self, known):
        """A failed registration is undone completely."""
        self.assertEqual(known, self.known())
        here = self.seen()
        self.assertEqual('active', here['provision_state'])
        self.assertIsNone(here['managed_by'])
        self.assertIsNotNone(here['last_error'])


class TestOutOfReach(base.ServiceTestCase):
    """An Ironic that is unreachable, rejects requests, or is missing."""

    def test_reasons(self):
        reason = ironic.missing()
        if reason:
            self.skipTest(reason)
        there = self.useFixture(ironic.Ironic('http_basic'))
        away = f'http://127.0.0.1:{processes.free_port()}'
        pod = self.useFixture(fixtures.Simulator(systems=1))
        for changes, words in (
            ({'ironic__password': 'wrong'}, 'rejected the credentials'),
            ({'ironic__endpoint': away}, 'is unreachable'),
            ({'ironic__auth_type': None}, 'Ironic is not configured'),
        ):
            options = {**there.options(), **changes}
            service = self.useFixture(
                fixtures.Service(
                    **{k: v for k, v in options.items() if v is not None}
                )
            )
            process = service.all_in_one()
            service.ready('pod', pod, **LOGIN)
            service.compose('web')
            asked = service.client.post('/v1/nodes/web/register', {})
            done = service.client.finished(asked['operation_uuid'])
            self.assertEqual('failed', done['state'], done)
            self.assertIn(words, done['error'])
            here = service.client.get('/v1/nodes/web')
            self.assertIsNone(here['managed_by'])
            self.assertEqual('active', here['provision_state'])
            service.release('web')
            self.assertEqual([], list(there.client.nodes()))
            self.assertNotIn('secret of ironic', process.output())
            process.end()


def _info(node, name):
    return node.driver_info[f'redfish_{name}']


def _class(node):
    return node.resource_class


def _state(node):
    return node.provision_state
