# SPDX-License-Identifier: Apache-2.0
"""What is said to Ironic, and what its answers are taken for."""

import dataclasses
import uuid

from keystoneauth1 import loading
from oslo_config import cfg

from valence.common import exception
from valence.conductor import registrations
from valence.provisioning import base as provisioning
from valence.provisioning.ironic import Ironic
from valence.provisioning.ironic import attributes
from valence.tests import base
from valence.tests.fixtures import strict_ironic

MAC = '02:00:00:00:00:01'
PASSWORD = 'secret of the pod'
SITE = provisioning.Site({'pod_manager': 'east', 'rack': 'r7'})


def machine(**more):
    values = {
        'address': 'https://pod.example',
        'username': 'ironic',
        'password': PASSWORD,
        'revision': '1',
        'auth_type': 'session',
        'insecure': False,
        'uuid': str(uuid.uuid4()),
        'registered': None,
        'name': 'web',
        'project_id': 'tenant',
        'system': '/redfish/v1/Systems/1',
        'ports': (provisioning.Port(MAC),),
        'site': SITE,
        'cpus': 8,
        'memory_mib': 1024,
        'disk_gib': 100,
        'architecture': 'x86-64',
        'boot_mode': None,
        'resource_class': 'gold',
        'traits': ('CUSTOM_SSD',),
        **more,
    }
    mark = f'valence:0123456789ab:{values["uuid"]}'
    return provisioning.Machine(**{'mark': mark, **values})


def register_options(kind, group='ironic'):
    """Have the options of a plug-in of keystoneauth, before it does."""
    options = loading.get_auth_plugin_conf_options(kind)
    cfg.CONF.register_opts(options, group=group)


class IronicTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.there = self.useFixture(strict_ironic.StrictIronic())
        self.connect(self.there)

    def connect(self, there):
        register_options('none')
        self.conf.set(**there.options())
        self.ironic = Ironic()
        self.deadline = provisioning.Deadline(60)

    def register(self, one):
        """Hand a node over; returns what is recorded."""
        self.ironic.enroll(one, self.deadline)
        return self.ironic.create_ports(one, self.deadline)

    def node(self, one):
        return self.there.nodes[one.uuid]

    def differences(self, one, registration):
        seen = self.ironic.look([one.uuid], self.deadline)[one.uuid]
        return registrations.differences(registration, seen.registration)

    def remove(self, one, *others, registration=None, **options):
        registered = {one.uuid: registration or {'lessee': one.project_id}}
        for other, handed_over in others:
            registered[other.uuid] = handed_over
        self.ironic.remove(one.uuid, registered, self.deadline, **options)


class TestHandingOver(IronicTestCase):
    def test_the_project_is_lessee_and_not_owner(self):
        one = machine()
        self.register(one)
        node = self.node(one)
        self.assertEqual(('tenant', None), (node['lessee'], node['owner']))

    def test_a_required_boot_mode_is_a_capability(self):
        self.conf.set(ironic__capabilities={'iscsi': '1', 'boot_mode': 'uefi'})
        for mode, expected in (
            ('Legacy', 'iscsi:1,boot_mode:bios'),
            ('UEFI', 'iscsi:1,boot_mode:uefi'),
            (None, 'iscsi:1,boot_mode:uefi'),
        ):
            one = machine(boot_mode=mode)
            self.ironic.enroll(one, self.deadline)
            properties = self.node(one)['properties']
            self.assertEqual(expected, properties['capabilities'])

    def test_an_owner_of_the_operators(self):
        self.conf.set(ironic__owner='operators')
        one = machine()
        self.register(one)
        self.assertEqual('operators', self.node(one)['owner'])

    def test_an_owner_of_earlier_versions_is_unset(self):
        one = machine()
        self.register(one)
        self.node(one)['owner'] = one.project_id
        self.register(one)
        self.assertIsNone(self.node(one)['owner'])

    def test_no_secret_is_recorded(self):
        self.conf.set(ironic__driver_info={'ipmi_password': 'other secret'})
        registration = self.register(machine())
        self.assertNotIn('secret', str(registration))
        self.assertEqual('1', registration['login'])
        self.assertEqual([MAC], registration['macs'])

    def test_nothing_differs_at_first(self):
        one = machine()
        self.assertEqual({}, self.differences(one, self.register(one)))

    def test_traits_that_a_user_may_not_list_do_not_differ(self):
        one = machine()
        registration = self.register(one)
        self.there.fail('GET', '/ports', 403)
        self.assertEqual({}, self.differences(one, registration))

    def test_differences(self):
        one = machine()
        registration = self.register(one)
        node = self.node(one)
        node['driver_info']['redfish_address'] = 'http://stranger.example'
        node['driver_info']['redfish_verify_ca'] = False
        node['driver_info']['deploy_kernel'] = 'http://images.example'
        node['resource_class'] = 'silver'
        node['traits'] = []
        node['owner'] = 'stranger'
        node['name'] = 'renamed'
        self.there.ports.clear()
        self.assertEqual(
            {
                'driver_info/redfish_address': [
                    'https://pod.example',
                    'http://stranger.example',
                ],
                'driver_info/redfish_verify_ca': [None, False],
                'resource_class': ['gold', 'silver'],
                'traits': [['CUSTOM_SSD', 'HW_ARCH_X86_64'], []],
                'owner': [None, 'stranger'],
                'macs': [[MAC], []],
            },
            self.differences(one, registration),
        )

    def test_again_puts_it_right(self):
        one = machine()
        registration = self.register(one)
        node = self.node(one)
        node['driver_info']['redfish_system_id'] = '/redfish/v1/Systems/2'
        node['driver_info']['deploy_kernel'] = 'http://images.example'
        again = dataclasses.replace(one, registered=registration)
        self.assertEqual({}, self.differences(one, self.register(again)))
        self.assertEqual(
            'http://images.example',
            self.node(one)['driver_info']['deploy_kernel'],
        )

    def test_again_in_use_only_tells_how_to_log_in(self):
        one = machine()
        registration = self.register(one)
        self.node(one).update(provision_state='active', resource_class='mine')
        again = dataclasses.replace(
            one, registered=registration, password='new'
        )
        self.register(again)
        node = self.node(one)
        self.assertEqual('mine', node['resource_class'])
        self.assertEqual('new', node['driver_info']['redfish_password'])

    def test_a_new_login(self):
        one = machine()
        registration = self.register(one)
        self.node(one).update(provision_state='active')
        login = dataclasses.replace(one, password='new', revision='2')
        registration = self.ironic.update_login(
            one.uuid, login, registration, self.deadline
        )
        info = self.node(one)['driver_info']
        self.assertEqual('new', info['redfish_password'])
        self.assertEqual(one.system, info['redfish_system_id'])
        self.assertEqual('2', registration['login'])
        self.assertEqual({}, self.differences(one, registration))


class TestNames(IronicTestCase):
    def setUp(self):
        super().setUp()
        self.one = machine()
        self.second = f'web-{self.one.uuid}'

    def take(self):
        """Let another node have the name."""
        self.register(machine(ports=(), project_id='other'))

    def name(self):
        return self.node(self.one)['name']

    def test_taken(self):
        self.take()
        self.register(self.one)
        self.assertEqual(self.second, self.name())

    def test_taken_and_a_response_is_lost(self):
        for method in ('POST', 'PATCH'):
            for status in (503, 429):
                for late in (False, True):
                    with self.subTest(method=method, status=status, late=late):
                        self.there.nodes.clear()
                        self.there.ports.clear()
                        self.take()
                        self.there.fail(method, '/nodes.*', status, late=late)
                        self.again()
                        self.again()
                        self.assertEqual(self.second, self.name())

    def again(self):
        """Register as a conductor does, which repeats the step."""
        for _ in range(3):
            try:
                self.register(self.one)
            except (
                exception.ProvisioningUnavailable,
                provisioning.InProgress,
            ):
                continue
            return
        self.fail('it does not end')

    def test_renamed_by_an_operator(self):
        registration = self.register(self.one)
        self.node(self.one)['name'] = 'rack-7'
        again = dataclasses.replace(self.one, registered=registration)
        self.register(again)
        self.assertEqual('rack-7', self.name())
        # Also if the record of it was lost.
        self.register(self.one)
        self.assertEqual('rack-7', self.name())

    def test_renamed_in_valence(self):
        registration = self.register(self.one)
        again = dataclasses.replace(
            self.one, registered=registration, name='db'
        )
        self.register(again)
        self.assertEqual('db', self.name())

    def test_one_that_others_made(self):
        self.register(self.one)
        self.node(self.one).update(name='old', extra={})
        self.register(self.one)
        self.assertEqual('web', self.name())


class TestResourceClass(base.TestCase):
    def of(self, name):
        return attributes.resource_class(machine(resource_class=name))

    def test_short_names_are_kept(self):
        for name in ('gold', 'CUSTOM_GPU', 'gold.large-2', 'a' * 80):
            self.assertEqual(name, self.of(name))

    def test_others_become_legal(self):
        long = 'Large node ' * 20
        names = [long, long + '2', 'золото', 'серебро', 'größe', 'a' * 81]
        classes = [self.of(name) for name in names]
        self.assertEqual(len(names), len({*classes}))
        for name, found in zip(names, classes, strict=True):
            self.assertLessEqual(len(found), 80)
            self.assertRegex(found, r'\ACUSTOM_[A-Z0-9_]+\Z')
            self.assertEqual(found, self.of(name))


class TestAgain(IronicTestCase):
    def again_after(self, status, **headers):
        self.there.fail('GET', '/nodes/.*', status, **headers)
        exc = self.assertRaises(
            provisioning.InProgress,
            self.ironic.state,
            machine().uuid,
            self.deadline,
        )
        return exc.seconds

    def test_too_many_requests(self):
        self.assertEqual(7, self.again_after(429, Retry_After='7'))
        self.assertEqual(7, self.again_after(503, Retry_After='7'))
        date = 'Wed, 21 Oct 2026 07:28:00 GMT'
        for value in (None, '-1', '0', '1e99', 'nan', 'inf', date):
            headers = {} if value is None else {'Retry_After': value}
            seconds = self.again_after(429, **headers)
            self.assertTrue(1 <= seconds <= 60, (value, seconds))

    def test_unavailable(self):
        self.there.fail('GET', '/nodes/.*', 503)
        self.assertRaises(
            exception.ProvisioningUnavailable,
            self.ironic.state,
            machine().uuid,
            self.deadline,
        )
