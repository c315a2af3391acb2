# SPDX-License-Identifier: Apache-2.0
import itertools

import testtools

from valence_dashboard.admin.topology import drawing

_NUMBERS = itertools.count()


def system(name, **fields):
    return {
        'uuid': f'uuid-{next(_NUMBERS)}',
        'name': name,
        'cpu_cores': 8,
        'memory_mib': 1024,
        'state': 'free',
        'health': 'ok',
        'power_state': 'off',
        'node_uuid': None,
        'stale': False,
        **fields,
    }


def chassis(name, kind, *inner, systems=()):
    return {
        'uuid': f'uuid-{next(_NUMBERS)}',
        'name': name,
        'type': kind,
        'chassis': list(inner),
        'systems': list(systems),
    }


def tree(*inner, systems=()):
    return {'chassis': list(inner), 'systems': list(systems)}


class Drawing(testtools.TestCase):
    def test_appearance(self):
        for look, fields in (
            ('free', {}),
            ('free', {'power_state': 'on'}),
            ('composed', {'node_uuid': 'x', 'power_state': 'on'}),
            ('composed', {'state': 'used', 'power_state': 'unknown'}),
            ('off', {'node_uuid': 'x'}),
            ('failed', {'health': 'critical'}),
            ('failed', {'state': 'unavailable'}),
            ('failed', {'stale': True, 'node_uuid': 'x'}),
        ):
            self.assertEqual(look, drawing.appearance(system('one', **fields)))

    def test_sleds_and_drawers(self):
        sleds = [
            chassis(f'Sled {n}', 'sled', systems=[system(f'System {n}')])
            for n in (10, 9)
        ]
        drawer = chassis('Rack 1 drawer 1', 'drawer', *sleds)
        rack = chassis('Rack 1', 'rack', drawer)
        drawn = drawing.draw(tree(chassis('Pod', 'pod', rack)))
        (box,) = drawn['racks']
        (inner,) = box['boxes']
        self.assertEqual('Drawer 1', inner['short'])
        self.assertEqual(
            ['System 9', 'System 10'],
            [one['name'] for one in inner['systems']],
        )
        self.assertEqual('Sled 9', inner['systems'][0]['location'])
        self.assertEqual(2, drawn['legend'][0]['count'])

    def test_systems_without_a_rack_come_last(self):
        drawn = drawing.draw(
            tree(
                chassis('Shelf', 'enclosure', systems=[system('far')]),
                chassis('Rack 10', 'rack'),
                chassis('Rack 2', 'rack', systems=[system('near')]),
                systems=[system('lost')],
            )
        )
        self.assertEqual(
            ['Rack 2', 'Rack 10', 'Not in a rack'],
            [rack['name'] for rack in drawn['racks']],
        )
        loose = drawn['racks'][-1]
        self.assertEqual(['lost'], [one['name'] for one in loose['systems']])
        self.assertEqual('far', loose['boxes'][0]['systems'][0]['name'])

    def test_every_system_is_drawn_once(self):
        deep = chassis(
            *('Sled', 'sled'),
            chassis('Module', 'module', systems=[system('a'), system('b')]),
            systems=[system('c')],
        )
        rack = chassis('Rack', 'rack', deep, systems=[system('d')])
        pod = chassis('Pod', 'pod', rack, systems=[system('e')])
        drawn = drawing.draw(tree(pod))
        self.assertEqual(5, sum(one['count'] for one in drawn['legend']))

        def names(box):
            yield from (one['name'] for one in box['systems'])
            for inner in box['boxes']:
                yield from names(inner)

        found = sorted(n for rack in drawn['racks'] for n in names(rack))
        self.assertEqual(['a', 'b', 'c', 'd', 'e'], found)

    def test_nothing(self):
        self.assertEqual([], drawing.draw(tree())['racks'])
