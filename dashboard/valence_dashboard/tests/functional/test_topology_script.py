# SPDX-License-Identifier: Apache-2.0
"""The drawing of pods while others change them."""

from valence_dashboard.tests.functional import scripts
from valence_dashboard.tests.unit import test_drawing
from valence_dashboard.tests.unit import test_topology

_PODS = test_topology.PODS
_FIRST, _SECOND = (one['uuid'] for one in _PODS)
_HOVER = """
    const part = document.querySelector(
        `.valence-part[data-name="${arguments[0]}"]`);
    part.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
"""
_KEPT = """
    const racks = document.querySelectorAll('.valence-rack');
    return Array.from(racks).map((one) => one.known || '');
"""


class TopologyScript(scripts.TestCase):
    def setUp(self):
        super().setUp()
        self.answers['pod_managers'] = {'pod_managers': _PODS}
        self.answers['capacity'] = {'pod_managers': {}}
        self.show()

    def show(self, first=(), second=(), nodes=(), pods=_PODS):
        """Have the API return two racks in each of some pods.

        :param first: changes of the system in the first rack.
        """
        parts = (
            test_drawing.system('one', uuid='s1', **dict(first)),
            test_drawing.system('two', uuid='s2'),
        )
        racks = [
            {
                **test_drawing.chassis(f'Rack {n}', 'rack', systems=[part]),
                'uuid': f'rack-{n}',
            }
            for n, part in enumerate(parts, 1)
        ]
        racks[1]['devices'] = [
            test_drawing.device('disk', uuid='d1', **dict(second))
        ]
        tree = test_drawing.tree(*racks, nodes=nodes)
        for one in pods:
            path = f'pod_managers/{one["uuid"]}/topology'
            self.answers[path] = {'topology': tree}

    def look(self, name, look):
        """Wait until a part looks so."""
        self.window.wait(
            lambda: self.window.find(
                f'.valence-{look}.valence-part[data-name="{name}"]'
            )
        )

    def run_script(self, script, *values):
        return self.window.driver.execute_script(script, *values)

    def test_a_drawing_follows(self):
        self.answers['pod_managers'] = {'pod_managers': _PODS[:1]}
        self.window.go(f'/admin/topology/{_FIRST}/')
        self.look('one', 'free')
        self.run_script(
            'document.querySelectorAll(".valence-rack").forEach('
            '(one) => { one.known = one.querySelector("summary").innerText })'
        )
        self.run_script(
            'document.querySelector("[data-uuid=s1]").focus();'
            'document.querySelectorAll("[data-zoom=in]")[0].click()'
        )
        self.show({'health': 'critical'})
        self.look('one', 'failed')
        focused = 'return document.activeElement.dataset.uuid'
        self.assertEqual('s1', self.run_script(focused))
        self.window.read('critical', '#valence-tooltip')
        self.window.read('125 %', '#valence-zoom')
        # Only the rack that has changed is drawn again.
        first, second = self.run_script(_KEPT)
        self.assertEqual('', first)
        self.assertIn('Rack 2', second)

    def test_the_parts_of_a_node_are_connected(self):
        self.answers['pod_managers'] = {'pod_managers': _PODS[:1]}
        used = {'node_uuid': 'n', 'state': 'used', 'power_state': 'on'}
        node = {'uuid': 'n', 'name': '<b>web', 'project_id': 'p'}
        self.show(used, {'node_uuid': 'n'}, [node])
        self.window.go(f'/admin/topology/{_FIRST}/')
        self.look('one', 'composed')
        for name, other in (('one', 'disk'), ('disk', 'one')):
            self.run_script(_HOVER, name)
            self.window.read('Node: <b>web', '#valence-tooltip')
            self.window.read(f'Together with: {other}', '#valence-tooltip')
            self.assertEqual(1, len(self.window.find('.valence-wires line')))
            self.assertEqual(2, len(self.window.find('.valence-linked')))
            (part,) = self.window.find(f'.valence-part[data-name="{name}"]')
            self.assertIn('/project/nodes/n/', part.get_attribute('href'))
        self.run_script(_HOVER, 'two')
        self.assertEqual([], self.window.find('.valence-wires line'))
        self.assertEqual([], self.window.find('.valence-linked'))

    def test_pods_that_are_open_are_in_the_url(self):
        self.window.go('/admin/topology/')
        self.window.click('[data-open=all]')
        self.window.wait(
            lambda: len(self.window.find('[data-state=drawn]')) == 2
        )
        url = self.window.driver.current_url
        self.assertIn(_FIRST, url)
        self.assertIn(_SECOND, url)
        self.window.driver.get(url)
        self.window.wait(
            lambda: len(self.window.find('[data-state=drawn]')) == 2
        )
        self.show({'power_state': 'on', 'node_uuid': 'n'}, pods=_PODS[1:])
        self.look('one', 'composed')
        self.assertEqual(
            1, len(self.window.find('.valence-racks .valence-composed'))
        )
        self.window.click('[data-open=""]')
        self.window.wait(lambda: 'open=' in self.window.driver.current_url)
        self.window.wait(lambda: not self.window.find('.valence-pod[open]'))
        self.assertNotIn(_FIRST, self.window.driver.current_url)

    def test_a_pod_that_appears(self):
        self.answers['pod_managers'] = {'pod_managers': _PODS[:1]}
        self.window.go('/admin/topology/')
        self.look('one', 'free')
        self.answers['pod_managers'] = {'pod_managers': _PODS}
        self.window.read('pod-2', '#valence-topology')

    def test_errors(self):
        self.answers['pod_managers'] = {'pod_managers': _PODS[:1]}
        self.window.go(f'/admin/topology/{_FIRST}/')
        self.look('one', 'free')
        self.answers[f'pod_managers/{_FIRST}/topology'] = 503
        self.window.read('The page may be outdated.', '.valence-unavailable')
        self.look('one', 'free')
        self.show({'health': 'critical'})
        self.look('one', 'failed')
