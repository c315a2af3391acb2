# SPDX-License-Identifier: Apache-2.0
import itertools

import testtools

from valence_dashboard.admin.topology import drawing

_NUMBERS = itertools.count()


def system(name, **fields):
    return {
        'uuid': f'uuid-{next(_NUMBERS)}',
        'name': name,
        'serial_number': f'serial-{name}',
        'hold_uuid': None,
        'cpu_cores': 8,
        'memory_mib': 1024,
        'state': 'free',
        'health': 'ok',
        'power_state': 'off',
        'node_uuid': None,
        'stale': False,
        **fields,
    }


def device(name, **fields):
    return {
        'uuid': f'uuid-{next(_NUMBERS)}',
        'name': name,
        'serial_number': None,
        'hold_uuid': None,
        'type': 'drive',
        'model': None,
        'sharers': 0,
        'state': 'free',
        'health': 'ok',
        'node_uuid': None,
        'stale': False,
        **fields,
    }


def chassis(name, kind, *inner, systems=(), **fields):
    return {
        **fields,
        'uuid': f'uuid-{next(_NUMBERS)}',
        'name': name,
        'type': kind,
        'chassis': list(inner),
        'systems': list(systems),
        'devices': [],
    }


def tree(*inner, systems=(), devices=(), nodes=(), conditions=()):
    return {
        'chassis': list(inner),
        'systems': list(systems),
        'devices': list(devices),
        'nodes': list(nodes),
        'conditions': list(conditions),
    }


def draw(drawn, **projects):
    return drawing.Drawing(drawn, projects).render()


class Drawing(testtools.TestCase):
    def test_appearance(self):
        for look, fields in (
            ('free', {}),
            ('free', {'power_state': 'on'}),
            ('composed', {'node_uuid': 'x', 'power_state': 'on'}),
            ('composed', {'state': 'used', 'power_state': 'unknown'}),
            ('off', {'node_uuid': 'x'}),
            ('held', {'hold_uuid': 'x'}),
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
        drawn = draw(tree(chassis('Pod', 'pod', rack)))
        (box,) = drawn['racks']
        (inner,) = box['boxes']
        self.assertEqual('Drawer 1', inner['short'])
        self.assertEqual(
            ['System 9', 'System 10'],
            [one['name'] for one in inner['parts']],
        )
        self.assertEqual('Sled 9', inner['parts'][0]['location'])
        self.assertEqual(2, drawn['legend'][0]['count'])

    def test_systems_without_a_rack_come_last(self):
        drawn = draw(
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
        self.assertEqual(['lost'], [one['name'] for one in loose['parts']])
        self.assertEqual('far', loose['boxes'][0]['parts'][0]['name'])

    def test_every_system_is_drawn_once(self):
        deep = chassis(
            *('Sled', 'sled'),
            chassis('Module', 'module', systems=[system('a'), system('b')]),
            systems=[system('c')],
        )
        rack = chassis('Rack', 'rack', deep, systems=[system('d')])
        pod = chassis('Pod', 'pod', rack, systems=[system('e')])
        drawn = draw(tree(pod))
        self.assertEqual(
            5, drawn['racks'][0]['count'] + drawn['racks'][1]['count']
        )

        def names(box):
            yield from (one['name'] for one in box['parts'])
            for inner in box['boxes']:
                yield from names(inner)

        found = sorted(n for rack in drawn['racks'] for n in names(rack))
        self.assertEqual(['a', 'b', 'c', 'd', 'e'], found)

    def test_devices(self):
        shared = device('shared', sharers=2, type='pcie')
        drawn = draw(tree(devices=[shared, device('b', health='warning')]))
        (rack,) = drawn['racks']
        self.assertEqual(
            [('b', 'D', 'free', ['warning']), ('shared', 'X', 'composed', [])],
            [
                (one['name'], one['letter'], one['look'], one['marks'])
                for one in rack['parts']
            ],
        )
        self.assertEqual('Type: drive', rack['parts'][0]['facts'][0])

    def test_owners_and_conditions(self):
        used = system('used', node_uuid='n')
        rack = chassis('Rack', 'rack', systems=[used], rack_units=42)
        conditions = [
            {'subject_uuid': uuid, 'code': 'leak', 'message': 'Water.'}
            for uuid in (used['uuid'], rack['uuid'])
        ]
        nodes = [
            {'uuid': 'n', 'name': 'web', 'project_id': 'p'},
            {'uuid': 'm', 'name': 'other', 'project_id': 'unknown'},
        ]
        drawn = draw(tree(rack, nodes=nodes, conditions=conditions), p='Shop')
        self.assertEqual(
            {'n': ['web', 'Shop'], 'm': ['other', 'unknown']}, drawn['nodes']
        )
        (box,) = drawn['racks']
        self.assertEqual(42, box['units'])
        self.assertEqual(['leak: Water.'], box['conditions'])
        (part,) = box['parts']
        self.assertEqual(['condition'], part['marks'])
        self.assertEqual(['leak: Water.'], part['conditions'])

    def test_nothing(self):
        self.assertEqual([], draw(tree())['racks'])
