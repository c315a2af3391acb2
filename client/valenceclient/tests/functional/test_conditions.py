# SPDX-License-Identifier: Apache-2.0
"""Conditions of hardware, and the history that has them."""

from valenceclient.tests.functional import base


class Conditions(base.TestCase):
    def setUp(self):
        super().setUp()
        self.pod()
        (self.system, *_) = self.json('system list --limit 1')

    def set(self, *arguments):
        made = self.json(
            'condition set --subject system --subject-id',
            *(self.system['uuid'], '--code', 'recall', *arguments),
        )
        self.addCleanup(self.run_valence, 'condition unset', made['uuid'])
        return made

    def test_set_and_unset(self):
        made = self.set(
            *('--message', 'Fan recall', '--effects', 'no_new_nodes'),
            *('--effects', 'no_change', '--until', '+3d'),
        )
        self.assertEqual(['no_new_nodes', 'no_change'], made['effects'])
        self.assertIsNotNone(made['until'])
        again = self.set('--message', 'Fans come on Monday')
        self.assertEqual(made['uuid'], again['uuid'])
        self.assertEqual(['no_new_nodes'], again['effects'])
        self.assertIsNone(again['until'])
        (listed,) = self.json('condition list --code recall')
        self.assertEqual(self.system['name'], listed['subject_name'])
        self.assertEqual('Fans come on Monday', listed['message'])
        (one,) = self.json(
            'condition list --subject-uuid', made['subject_uuid']
        )
        self.assertEqual(listed, one)
        shown = self.json('condition show', made['uuid'])
        self.assertEqual('operator', shown['source'])
        system = self.json('system show', self.system['uuid'])
        self.assertEqual(made['uuid'], system['condition_uuid'])
        self.assertEqual(
            ['recall'], [one['code'] for one in system['conditions']]
        )
        self.assertEqual('', self.valence('condition unset', made['uuid']))
        self.assertEqual([], self.json('condition list --code recall'))
        self.assertIn(
            'could not be found', self.fails('condition unset', made['uuid'])
        )

    def test_what_is_refused(self):
        for arguments, reason in (
            (('--message', 'x', '--until', '2020-01-01'), 'in the future'),
            (('--message', ''), 'message'),
        ):
            error = self.fails(
                'condition set --subject system --code recall --subject-id',
                *(self.system['uuid'], *arguments),
            )
            self.assertIn(reason, error)
        done = self.run_valence(
            'condition set --subject node --code x --message y --subject-id z'
        )
        self.assertEqual(2, done.returncode)

    def test_history(self):
        made = self.set('--message', 'Fan recall')
        self.valence('condition unset', made['uuid'])
        line = 'system history list', self.system['uuid']
        rows = self.json(*line, '--field', 'condition', '--long')
        last = rows[-1]
        self.assertEqual('recall', last['value'])
        self.assertEqual('Fan recall', last['reason'])
        self.assertIsNotNone(last['ended_at'])
        self.assertEqual(self.system['uuid'], last['resource_uuid'])
        self.assertTrue(last['request_id'].startswith('req-'))
        newest = self.json(*line, '--sort-dir', 'desc', '--limit', '1')
        self.assertEqual(1, len(newest))

    def test_history_of_each_kind(self):
        statuses = self.json('podmanager history list pod --field status')
        self.assertEqual('online', statuses[-1]['value'])
        (device, *_) = self.json('device list --limit 1')
        self.assertEqual([], self.json('device history list', device['uuid']))
        node = self.json('node compose history-1 --pod-manager pod --wait')
        self.addCleanup(self.run_valence, 'node delete --wait history-1')
        rows = self.json('node history list', node['uuid'])
        self.assertLessEqual(
            {'provision_state', 'claim'}, {one['field'] for one in rows}
        )
        for kind in ('node', 'system', 'device', 'podmanager'):
            self.assertIn(
                'could not be found',
                self.fails(f'{kind} history list nobody'),
            )
