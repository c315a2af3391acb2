# SPDX-License-Identifier: Apache-2.0
"""Conditions, tags, expected hardware and time lines in a browser."""

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import browser
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import pod


class Conditions(base.TestCase):
    def setUp(self):
        super().setUp()
        self.podm = pod('sick', 3)
        self.made = self.node('sick', f'patient {self._testMethodName}')
        self.system = next(composable().systems(node_uuid=self.made.id))
        self.window = self.open('admin')

    def look(self, name, path, text):
        """Check a page that has a text."""
        self.window.go(path)
        self.window.read(text)
        self.check(self.window, name)

    def test_conditions_and_time_lines(self):
        window = self.window
        window.go(
            '/admin/conditions/set/?subject=system&subject_id='
            f'{self.system.id}'
        )
        self.check(window, 'condition-set', browser.TELEPHONE)
        composable().create_condition(
            subject='system',
            subject_id=self.system.id,
            code='recall',
            message='The fans of this series are recalled. ' * 4,
            effects=['no_new_nodes', 'no_change'],
        )
        for name, path in (
            ('conditions', 'admin/conditions/'),
            ('system-condition', f'admin/systems/{self.system.id}/'),
            ('node-condition', f'project/nodes/{self.made.id}/'),
            (
                'pod-manager-conditions',
                f'admin/pod_managers/{self.podm.id}/'
                '?tab=pod_manager__conditions',
            ),
        ):
            self.look(name, f'/{path}', 'recall')
        for name, path in (
            ('node-history', f'project/nodes/{self.made.id}/?tab=node__'),
            (
                'pod-manager-history',
                f'admin/pod_managers/{self.podm.id}/?tab=pod_manager__',
            ),
        ):
            window.go(f'/{path}history')
            window.wait(lambda: window.find('.valence-timeline'))
            self.check(window, name)
        self.assertEqual([], window.errors())

    def test_tags_and_expected_hardware(self):
        window = self.window
        (chassis, *_) = composable().chassis(podm_uuid=self.podm.id)
        for kind, uuid in (
            ('systems', self.system.id),
            ('chassis', chassis.id),
        ):
            window.go(f'/admin/{kind}/{uuid}/tags/')
            window.wait(lambda: window.find('#id_tags'))
            self.check(window, f'tags-{kind}', browser.TELEPHONE)
        tab = f'/admin/pod_managers/{self.podm.id}/?tab=pod_manager__expected'
        self.look('expected-none', tab, 'Nothing is expected')
        composable().set_expected_parts(
            self.podm.id, [{'type': 'system', 'serial_number': 'S' * 100}]
        )
        self.look('expected', tab, 'Missing')
        self.assertEqual([], window.errors())

    def test_choices_are_suggested(self):
        window = self.window
        for path, name in (
            ('/project/flavors/create/', 'suggestions-flavor'),
            ('/project/nodes/compose/', 'suggestions-compose'),
        ):
            window.go(path)
            window.wait(
                lambda: window.find(
                    '#choices-processor-model option[value*="Xeon"]'
                )
            )
            field = window.find('#id_processor__model')[0]
            self.assertEqual(
                'choices-processor-model', field.get_attribute('list')
            )
            self.check(window, name, browser.TELEPHONE)
        self.assertEqual([], window.errors())
