# SPDX-License-Identifier: Apache-2.0
"""What a pod owns is in the inventory: all of it, once, and still true."""

from valence.tests import base

_KINDS = ('chassis', 'systems', 'devices', 'storages')


class TestSync(base.PodTestCase):
    def _rows(self, kind, name='pod'):
        return {
            row['resource_uri']: row
            for row in self.client.all(f'/v1/{kind}?pod_manager={name}')
        }

    def assertInventory(self, pod, name='pod'):
        """Every system of the pod is there once, with what it has."""
        seen = {system['uri']: system for system in pod.state()['systems']}
        rows = self._rows('systems', name)
        self.assertEqual(set(seen), set(rows))
        chassis = {
            row['uuid']: row for row in self._rows('chassis', name).values()
        }
        for uri, row in rows.items():
            self.assertEqual(seen[uri]['uuid'], row['hardware_uuid'])
            self.assertEqual(
                seen[uri]['power'].lower(), row['power_state'], uri
            )
            for field in ('cpu_cores', 'cpu_sockets', 'memory_mib'):
                self.assertGreater(row[field], 0, uri)
            self.assertTrue(row['nics'] and row['nics'][0]['mac'], uri)
            self.assertFalse(row['stale'], uri)
            up = chassis[row['chassis_uuid']]
            while up['type'] != 'rack':
                up = chassis[up['parent_uuid']]
            self.assertIn(
                up['uuid'],
                [r['uuid'] for r in self.client.all('/v1/racks')],
            )

    def test_everything_is_there(self):
        pod = self.pod('pod', '--systems-per-rack', 5, systems=12)
        self.assertInventory(pod)
        racks = self.client.all('/v1/racks?pod_manager=pod')
        self.assertEqual(3, len(racks))
        body = self.client.get('/v1/pod_managers/pod')
        self.assertIsNone(body['sync_error'])

    def test_without_expand_and_in_pages(self):
        for name, arguments in (
            ('plain', ('--no-expand',)),
            ('paged', ('--no-expand', '--page-size', 3)),
            ('both', ('--page-size', 3)),
        ):
            pod = self.pod(name, *arguments, '--seed', name, systems=8)
            self.assertInventory(pod, name)
            self.assertIsNone(
                self.client.get(f'/v1/pod_managers/{name}')['sync_error']
            )

    def test_nothing_is_read_twice(self):
        pod = self.pod('pod', '--no-expand', '--no-sse', '--no-push')
        self._quiet(pod)
        self.assertEqual('succeeded', self.sync('pod')['state'])
        systems = {
            path: count
            for (method, path), count in pod.requests().items()
            if '/Systems/' in path
        }
        self.assertTrue(systems)
        self.assertEqual({1}, set(systems.values()), systems)

    def _quiet(self, pod):
        """Let go by what registering set in motion; count from here."""
        self.sync('pod')
        pod.control('DELETE', 'requests')

    def test_an_unchanged_pod_writes_nothing(self):
        self.pod('pod', '--no-sse', '--no-push')
        self.sync('pod')
        before = {kind: self._rows(kind) for kind in _KINDS}
        operation = self.sync('pod')
        self.assertEqual('succeeded', operation['state'])
        after = {kind: self._rows(kind) for kind in _KINDS}
        for kind in _KINDS:
            self.assertEqual(
                {u: r['updated_at'] for u, r in before[kind].items()},
                {u: r['updated_at'] for u, r in after[kind].items()},
                kind,
            )
        self.assertTrue(before['systems'])

    def test_only_what_changed_is_written(self):
        pod = self.pod('pod', '--no-sse', '--no-push')
        self.sync('pod')
        before = self._rows('systems')
        changed = sorted(before)[1]
        pod.change(changed, PowerState='On')
        self.sync('pod')
        after = self._rows('systems')
        self.assertEqual('on', after[changed]['power_state'])
        self.assertEqual(
            [changed],
            [
                uri
                for uri in before
                if before[uri]['updated_at'] != after[uri]['updated_at']
            ],
        )

    def test_new_hardware(self):
        pod = self.pod('pod')
        pod.control('POST', 'systems', {'count': 2})
        self.sync('pod')
        self.assertInventory(pod)
        self.assertEqual(6, len(self._rows('systems')))

    def test_hardware_that_vanishes_is_flagged_not_deleted(self):
        pod = self.pod('pod')
        gone = sorted(self._rows('systems'))[0]
        pod.remove(gone)
        self.sync('pod')
        rows = self._rows('systems')
        self.assertEqual(4, len(rows))
        self.assertEqual('unavailable', rows[gone]['state'])
        self.assertTrue(rows[gone]['stale'])
        self.assertIsNotNone(rows[gone]['missing_since'])
        self.assertEqual(
            3, len([r for r in rows.values() if r['state'] == 'free'])
        )

    def drift(self):
        """What the node says of its hardware once all has been read."""
        self.sync('pod')
        return self.client.get('/v1/nodes/node')['drift']

    def test_another_machine_under_a_node(self):
        pod = self.pod('pod')
        (system,) = self.service.compose('node')['systems']
        self.assertIsNone(self.drift())
        uri = system['resource_uri']
        serial = self._rows('systems')[uri]['serial_number']
        pod.change(uri, SerialNumber='OTHER')
        self.assertEqual(
            f'changed {uri} (serial_number from {serial} to OTHER)',
            self.drift(),
        )
        pod.change(uri, SerialNumber=serial)
        self.assertIsNone(self.drift())

    def test_a_composed_system_stays_what_it_is(self):
        self.pod('pod', '--personality', 'redfish')
        self.service.compose('node')
        self.assertIsNone(self.drift())

    def test_one_bad_resource_spoils_nothing_else(self):
        pod = self.pod('pod', '--no-expand')
        bad = sorted(self._rows('systems'))[2]
        pod.order(f'{bad}$', 'status', 500)
        operation = self.sync('pod')
        self.assertEqual('succeeded', operation['state'])
        rows = self._rows('systems')
        self.assertEqual(
            {uri: uri == bad for uri in rows},
            {uri: row['stale'] for uri, row in rows.items()},
        )
        body = self.client.get('/v1/pod_managers/pod')
        self.assertIn(bad, body['sync_error'])
        self.assertIn('500', body['sync_error'])
        pod.heal()
        self.sync('pod')
        self.assertInventory(pod)
        body = self.client.get('/v1/pod_managers/pod')
        self.assertIsNone(body['sync_error'])

    def test_parts_that_cannot_be_read_are_as_they_were(self):
        pod = self.pod('pod', '--no-expand')
        before = self._rows('systems')
        one, other, fine, gone = sorted(before)
        for parts in ('Processors', 'Memory', 'EthernetInterfaces', 'Storage'):
            pod.order(f'{one}/{parts}$', 'status', 500)
        pod.order(f'{other}/Memory/', 'status', 500)
        # What is not there any more is not merely unread.
        pod.order(f'{gone}/Memory/', 'status', 404)
        pod.change(one, PowerState='On')
        self.assertEqual('succeeded', self.sync('pod')['state'])
        after = self._rows('systems')
        self.assertEqual(
            {one: True, other: True, fine: False, gone: False},
            {uri: row['stale'] for uri, row in after.items()},
        )
        for uri in (one, other):
            for field in ('cpu_cores', 'memory_mib', 'storage_gib', 'nics'):
                self.assertEqual(before[uri][field], after[uri][field], uri)
        self.assertEqual('on', after[one]['power_state'])
        self.assertIsNone(after[gone]['memory_type'])
        body = self.client.get('/v1/pod_managers/pod')
        self.assertIn(f'{one}/Memory', body['sync_error'])
        pod.heal()
        self.sync('pod')
        self.assertInventory(pod)

    def test_a_collection_that_cannot_be_read_makes_nothing_missing(self):
        pod = self.pod('pod', '--no-expand')
        pod.order('/redfish/v1/Systems$', 'status', 500)
        self.sync('pod')
        for row in self._rows('systems').values():
            self.assertTrue(row['stale'])
            self.assertIsNone(row['missing_since'])
        pod.heal()
        self.sync('pod')
        self.assertInventory(pod)

    def test_hostile_values(self):
        pod = self.pod('pod', '--no-expand')
        system = '/redfish/v1/Systems/[^/]*$'
        for value in (
            {
                'Status': None,
                'ProcessorSummary': None,
                'MemorySummary': {'TotalSystemMemoryGiB': None},
                'UUID': None,
                'Name': None,
            },
            {'Name': 'x' * 10240, 'Model': '\U0001f600' * 1024},
            {'Name': ['a'], 'Id': 7, 'PowerState': True, 'Links': 'none'},
            {'UUID': 'twice', 'SerialNumber': 'twice'},
            {
                'Processors': None,
                'Memory': [],
                'EthernetInterfaces': {'@odata.id': None},
                'Storage': {'@odata.id': '/redfish/v1/Systems'},
            },
        ):
            fault = pod.order(system, 'merge', value)
            self.assertEqual('succeeded', self.sync('pod')['state'], value)
            self.assertLess(0, pod.struck(fault))
            self.assertEqual(4, len(self._rows('systems')))
            pod.heal()
        self.sync('pod')
        self.assertInventory(pod)

    def test_lists_that_lie(self):
        pod = self.pod('pod', '--no-expand')
        members = [{'@odata.id': uri} for uri in sorted(self._rows('systems'))]
        for value in (
            {'Members@odata.count': 99},
            {'Members@odata.count': None},
            {'Members': members * 3},
            {'Members@odata.nextLink': '/redfish/v1/Systems'},
            {'Members': [*members, None, 7, {}, {'@odata.id': 7}]},
        ):
            pod.order('/redfish/v1/Systems$', 'merge', value)
            self.assertEqual('succeeded', self.sync('pod')['state'], value)
            self.assertInventory(pod)
            pod.heal()
