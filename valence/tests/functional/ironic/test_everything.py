# SPDX-License-Identifier: Apache-2.0
"""A real Ironic gets everything of a node, and what it says is shown."""

from valence.tests.functional.ironic import test_circle

_SITE = {'location': 'Hall 2', 'conductor_group': 'East', 'shard': 's1'}


class TestEverything(test_circle.IronicCase):
    auth = 'noauth'
    group = 'east'

    def setUp(self):
        super().setUp()
        self.ready('pod', 'redfish', '--nics', 'both', **_SITE)
        self.client.post('/v1/flavors', {'name': 'gold', 'properties': {}})
        self.addCleanup(self.client.delete, '/v1/flavors/gold')
        self.made = self.node(flavor='gold')

    def there(self):
        return self.baremetal.get_node(self.made['uuid'])

    def test_every_field(self):
        (system,) = self.made['systems']
        mac = system['nics'][0]['mac']
        port = {'address': mac, 'physical_network': 'net1'}
        self.asked(
            'register', body={'ports': [{**port, 'pxe_enabled': False}]}
        )
        node = self.there()
        self.assertEqual(
            ('gold', 'east', 's1'),
            (node.resource_class, node.conductor_group, node.shard),
        )
        self.assertIn('HW_ARCH_X86_64', node.traits)
        extra = dict(node.extra)
        self.assertIn(self.made['uuid'], extra.pop('valence'))
        self.assertEqual('pod', extra.pop('valence_pod_manager'))
        self.assertEqual('Hall 2', extra.pop('valence_location'))
        self.assertLessEqual(
            extra.keys(),
            {'valence_rack', 'valence_chassis', 'valence_place'},
        )
        self._has_port(mac)
        self.client.patch('/v1/pod_managers/pod', {'shard': 's2'})
        self.client.wait('/v1/nodes/web', lambda _: self.there().shard == 's2')
        self.assertIsNone(self.seen()['drift'])

    def _has_port(self, mac):
        ports = self.baremetal.ports(details=True, node=self.made['uuid'])
        (port,) = (one for one in ports if one.address == mac)
        self.assertEqual(
            ('net1', False), (port.physical_network, port.is_pxe_enabled)
        )
        link = port.local_link_connection
        self.assertEqual('02:00:00:00:ff:01', link['switch_id'])
        self.assertStartsWith(link['port_id'], 'Ethernet1/')

    def assertStartsWith(self, text, start):
        self.assertEqual(start, text[: len(start)])

    def test_conditions(self):
        self.asked('register')
        for effect, flag in (
            ('no_new_nodes', 'retired'),
            ('no_change', 'maintenance'),
        ):
            condition = self.client.post(
                '/v1/conditions',
                {
                    'subject': 'pod_manager',
                    'subject_id': 'pod',
                    'code': 'leak',
                    'message': 'ticket 4711',
                    'effects': [effect],
                },
            )
            self._is_shown(flag, True)
            reason = getattr(self.there(), f'{flag}_reason')
            self.assertIn(condition['uuid'], reason)
            self.assertIn('ticket 4711', reason)
            self.client.delete(f'/v1/conditions/{condition["uuid"]}')
            self._is_shown(flag, False)
        self.assertIsNone(self.seen()['drift'])

    def _is_shown(self, flag, value):
        self.client.wait(
            '/v1/nodes/web',
            lambda node: (node['managed_status'] or {}).get(flag) is value,
        )

    def test_maintenance_of_an_operator(self):
        self.asked('register')
        self.baremetal.set_node_maintenance(self.made['uuid'], 'a fan')
        self._is_shown('maintenance', True)
        path = '/v1/pod_managers/pod'
        self.client.patch(path, {'maintenance': True})
        self.client.patch(path, {'maintenance': False})
        # Whatever a poll changes is shown by the next one.
        self.baremetal.unset_node_maintenance(self.made['uuid'])
        self._is_shown('maintenance', False)
        self.client.patch(path, {'maintenance': True})
        self._is_shown('maintenance', True)
        self.assertIn('Valence: ', self.there().maintenance_reason)
        self.client.patch(path, {'maintenance': False})
        self._is_shown('maintenance', False)
