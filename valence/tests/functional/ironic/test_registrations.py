# SPDX-License-Identifier: Apache-2.0
"""What a real Ironic has stored is compared, and updated."""

import json
import sqlite3

from valence.provisioning import base as provisioning
from valence.provisioning.ironic import Ironic
from valence.tests import base
from valence.tests.fixtures import ironic
from valence.tests.fixtures import keystone
from valence.tests.functional.ironic import test_circle
from valence.tests.unit import test_ironic


class TestRegistrations(test_circle.IronicCase):
    auth = 'noauth'

    def setUp(self):
        super().setUp()
        self.ready('pod')
        self.made = self.node(register=True)
        self.uuid = self.made['uuid']

    def stored(self):
        """The driver_info in the database of Ironic: the API masks it."""
        with sqlite3.connect(self.ironic.database, timeout=60) as database:
            query = 'SELECT driver_info FROM nodes WHERE uuid = ?'
            ((text,),) = database.execute(query, (self.uuid,)).fetchall()
        return json.loads(text)

    def findings(self, state='open'):
        return [
            found['kind']
            for found in self.client.all('/v1/findings')
            if found['node_uuid'] == self.uuid and found['state'] == state
        ]

    def test_changed_and_registered_again(self):
        system = self.stored()['redfish_system_id']
        node = self.baremetal.get_node(self.uuid)
        info = {**node.driver_info, 'redfish_system_id': '/redfish/v1/Other'}
        self.baremetal.update_node(
            node, driver_info=info, name='renamed', resource_class='other'
        )
        here = self.client.wait(
            '/v1/nodes/web', lambda node: node['drift'] is not None
        )
        self.assertIn('/redfish/v1/Other', here['drift'])
        self.assertIn('other', here['drift'])
        self.assertEqual(['changed_registration'], self.findings())
        self.asked('register')
        self.assertEqual(system, self.stored()['redfish_system_id'])
        self.assertEqual([], self.findings())
        self.assertIsNone(self.seen()['drift'])
        there = self.baremetal.get_node(self.uuid)
        self.assertEqual('renamed', there.name)

    def test_a_new_password(self):
        with sqlite3.connect(self.ironic.database, timeout=60) as database:
            database.execute("UPDATE nodes SET provision_state = 'active'")
        self.client.patch(
            '/v1/pod_managers/pod', {'hardware_password': 'new one'}
        )
        self.client.wait(
            '/v1/nodes/web',
            lambda _: self.stored()['redfish_password'] == 'new one',
        )
        self.assertEqual([], self.findings())

    def test_failed_node_without_an_instance(self):
        for state in ('deploy failed', 'rescue failed', 'error'):
            with sqlite3.connect(self.ironic.database, timeout=60) as database:
                database.execute(
                    'UPDATE nodes SET provision_state = ?', (state,)
                )
            self.asked('unregister')
            self.assertEqual([], self.known())
            self.asked('register')


class TestPolicy(base.TestCase):
    """Which users of a real Keystone would see a node."""

    def test_not_found_needs_system_scope(self):
        for reason in (keystone.missing(), ironic.missing()):
            if reason:
                self.skipTest(reason)
        identity = self.useFixture(keystone.Keystone(8181))
        there = self.useFixture(ironic.Ironic(keystone=identity))
        system = self.connect(there.login())
        one = test_ironic.machine(project_id='tenant')
        deadline = provisioning.Deadline(600)
        system.enroll(one, deadline)
        registered = {one.uuid: system.create_ports(one, deadline)}
        self.assertIsNone(registered[one.uuid]['owner'])
        login = identity.login('admin', 'admin')
        project = self.connect({**login, 'endpoint_override': there.url})
        self.assertIsNone(project.state(one.uuid, deadline))
        self.assertEqual({}, project.look([one.uuid], deadline))
        self.assertEqual(set(), project.gone([one.uuid], registered, deadline))
        system = self.connect(there.login())
        self.assertEqual(set(), system.gone([one.uuid], registered, deadline))
        system.remove(one.uuid, registered, deadline)
        self.assertEqual(
            {one.uuid}, system.gone([one.uuid], registered, deadline)
        )

    def connect(self, login):
        """Ironic as a user sees it."""
        test_ironic.register_options(login['auth_type'])
        scope = dict.fromkeys(
            ('system_scope', 'project_name', 'project_domain_id')
        )
        values = {**scope, **login}
        self.conf.set(**{f'ironic__{n}': v for n, v in values.items()})
        one = Ironic()
        # Its options are read when it is used first.
        one.state(test_ironic.machine().uuid, provisioning.Deadline(60))
        return one
