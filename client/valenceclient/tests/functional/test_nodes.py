# SPDX-License-Identifier: Apache-2.0
from valenceclient.tests.functional import base
from valenceclient.tests.functional import processes


class Nodes(base.TestCase):
    def setUp(self):
        super().setUp()
        self.pod()

    def compose(self, name: str, *arguments: str) -> dict:
        self.addCleanup(self.run_valence, f'node delete {name} --wait')
        return self.json(f'node compose {name} --wait', *arguments)

    def test_lifecycle(self):
        node = self.compose(
            'lifecycle',
            *'--processor total_cores=4 --memory capacity_mib=1'.split(),
        )
        self.assertEqual('active', node['provision_state'])
        self.assertEqual(
            {'processor': {'total_cores': 4}, 'memory': {'capacity_mib': 1}},
            node['properties'],
        )
        self.assertEqual(1, len(node['systems']))
        drives = self.json('node storage list lifecycle')
        self.assertEqual(
            [one['resource_uri'] for one in node['systems'][0]['drives']],
            [one['resource_uri'] for one in drives],
        )
        self.valence(
            'node set lifecycle --name renamed', '--description', 'A node'
        )
        self.addCleanup(self.run_valence, 'node delete renamed --wait')
        (listed,) = self.json('node list --name renamed --long')
        self.assertEqual('A node', listed['description'])
        self.assertEqual('', self.valence('node delete renamed --wait'))
        self.assertEqual([], self.json('node list --name renamed'))

    def test_compose_without_waiting(self):
        self.addCleanup(self.run_valence, 'node delete later --wait')
        node = self.json('node compose later --pod-manager pod')
        self.assertEqual('composing', node['provision_state'])
        operation = self.wait_for(lambda: self.ended(node['operation_uuid']))
        self.assertEqual('succeeded', operation['state'])
        self.assertTrue(operation['steps'])

    def ended(self, uuid: str) -> dict | None:
        operation = self.json('operation show', uuid)
        return None if operation['finished_at'] is None else operation

    def test_progress_on_terminal(self):
        self.addCleanup(self.run_valence, 'node delete watched --wait')
        seen = self.run_on_terminal('node compose watched --wait')
        self.assertRegex(seen, r'compose \[#+\.*\]')

    def test_no_capacity(self):
        self.addCleanup(self.run_valence, 'node delete huge')
        output = self.fails(
            'node compose huge --wait --processor total_cores=100000'
        )
        self.assertIn('failed: No capacity', output)

    def test_choices(self):
        """All of them, or those of some requirements."""
        every = self.json('flavor choices')
        names = {one['requirement'] for one in every}
        self.assertIn('processor.model', names)
        for asked, expected in (
            ('processor.model', {'processor.model'}),
            (
                'processor traits.required',
                {one for one in names if one.startswith('processor.')}
                | {'traits.required'},
            ),
        ):
            found = self.json(f'flavor choices {asked}')
            self.assertEqual(expected, {one['requirement'] for one in found})
        self.assertIn(
            'No requirement processor.colour has choices; these have: ',
            self.fails('flavor choices processor.colour'),
        )
        help_text = self.valence('flavor create --help')
        self.assertIn('openstack valence flavor choices', help_text)

    def test_flavor(self):
        flavor = self.json(
            'flavor create small --processor total_cores=2',
            *('--description', 'A small one'),
        )
        self.addCleanup(self.run_valence, 'flavor delete small')
        self.assertEqual('A small one', flavor['description'])
        self.valence('flavor set small --memory capacity_mib=1024')
        shown = self.json('flavor show small')
        self.assertEqual(
            {'memory': {'capacity_mib': 1024}}, shown['properties']
        )
        node = self.compose('by-flavor', '--flavor', 'small')
        self.assertEqual(flavor['uuid'], node['flavor_uuid'])
        (listed,) = self.json('node list --flavor small')
        self.assertEqual(node['uuid'], listed['uuid'])
        self.valence('flavor delete small')
        self.assertEqual([], self.json('flavor list --name small'))

    def test_exact_resources(self):
        system = self.json('system list --state free --limit 1')[0]
        node = self.compose('exact', '--resources', system['uuid'])
        self.assertEqual(
            [system['uuid']], [one['uuid'] for one in node['systems']]
        )

    def test_preview(self):
        best, *_ = self.json('node preview --processor total_cores=2')
        self.assertEqual((1, 'pod'), (best['rank'], best['pod_manager']))
        (rejection,) = self.json('node preview --processor total_cores=100000')
        self.assertIsNone(rejection['rank'])
        self.assertIn('less than 100000 CPU cores', rejection['reason'])

    def test_reset(self):
        self.compose('reset-me')
        self.valence('node reset reset-me ForceOff --wait')
        node = self.json('node show reset-me')
        self.assertEqual('off', node['power_state'])
        done = self.run_valence('node reset reset-me Hard')
        self.assertEqual(2, done.returncode)
        self.assertIn('GracefulShutdown', done.stderr)

    def test_boot(self):
        self.compose('boot-me')
        self.valence('node boot boot-me Once Pxe --wait')
        (operation, *_) = self.json(
            'operation list --action boot --sort-dir desc'
        )
        self.assertEqual('succeeded', operation['state'])

    def test_attach_and_detach(self):
        self.compose('join-me')
        (drive, *_) = self.json('device list --type drive --state free')
        node = self.json('node attach join-me --wait', drive['uuid'])
        self.assertEqual([drive['uuid']], self.uuids(node['devices']))
        node = self.json('node detach join-me --wait', drive['uuid'])
        self.assertEqual([], node['devices'])

    def test_findings(self):
        """A node that somebody composed is hidden, adopted, and forgotten."""
        path = processes.compose_without_valence()
        self.valence('podmanager sync pod --wait')
        (found,) = [
            one
            for one in self.json(
                'finding list --kind existing_node --state open'
            )
            if one['resource_uri'] == path
        ]
        hidden = self.json('finding accept', found['uuid'])
        self.assertEqual('accepted', hidden['state'])
        index = path.rpartition('/')[2]
        made = self.json(
            f'finding adopt {index} --pod-manager pod --name found --wait'
        )
        self.assertEqual(
            ('active', path), (made['provision_state'], made['resource_uri'])
        )
        self.valence('node delete found --wait')
        path = processes.compose_without_valence()
        self.valence('podmanager sync pod --wait')
        (found,) = [
            one
            for one in self.json(
                'finding list --kind existing_node --state open'
            )
            if one['resource_uri'] == path
        ]
        output = self.fails(f'finding release {found["uuid"]}')
        self.assertIn('allows adopt, forget, accept, not release', output)
        forgotten = self.json('finding forget', found['uuid'])
        self.assertEqual('forgotten', forgotten['state'])

    def test_manage(self):
        self.addCleanup(self.run_valence, 'node delete adopted --wait')
        node = self.json(
            'node manage adopted --wait --pod-manager pod --resource-uri',
            processes.compose_without_valence(),
        )
        self.assertEqual('active', node['provision_state'])

    def test_manage_missing_node(self):
        self.addCleanup(self.run_valence, 'node delete ghost --wait')
        output = self.fails(
            'node manage ghost --wait --pod-manager pod --resource-uri',
            '/redfish/v1/Nodes/nothing',
        )
        self.assertIn('(adopt) failed: ', output)

    def uuids(self, found: list[dict]) -> list[str]:
        return [one['uuid'] for one in found]

    def test_usage(self):
        node = self.compose('used')
        rows = self.json('usage show --group-by node,kind --start 2020-01-01')
        (row,) = (r for r in rows if r['node_uuid'] == node['uuid'])
        self.assertEqual('system', row['kind'])
        self.assertGreater(row['seconds'], 0)
        header = str(self.valence('usage show -f csv')).splitlines()[0]
        self.assertIn('"kind","model","seconds","core_seconds"', header)
        self.assertIn('group_by', self.fails('usage show --group-by colour'))

    def test_operations(self):
        node = self.compose('worked-on')
        (operation,) = self.json(
            'operation list --action compose --target-uuid', node['uuid']
        )
        self.assertEqual('succeeded', operation['state'])
        (event,) = self.json(
            'event list --event-type node.compose.end --since 2020-01-01T00Z',
            '--resource-uuid',
            node['uuid'],
        )
        shown = self.json('event show', event['uuid'])
        data = shown['payload']['valence_object.data']
        self.assertEqual('worked-on', data['name'])
        output = self.fails('operation cancel', operation['uuid'])
        self.assertIn('has finished already', output)
