# SPDX-License-Identifier: Apache-2.0
"""What comes of a look at the hardware, in the tables."""

import contextlib
import datetime

from oslo_db import exception as db_exception

from valence import objects
from valence.common import exception
from valence.conductor import states
from valence.conductor.inventory import drift
from valence.conductor.inventory import store as inventory
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware
from valence.tests import base

_SECOND = datetime.timedelta(seconds=1)


def _chassis(uri, kind, parent=None):
    values = {'name': uri, 'type': kind, 'state': 'enabled', 'health': 'ok'}
    return hardware.Item(uri, values, parent)


def _system(uri, parent='/sled', **values):
    counts = ('cpu_sockets', 'cpu_cores', 'cpu_threads', 'memory_mib')
    return hardware.Item(
        uri,
        {
            **dict.fromkeys((*counts, 'storage_gib'), 1),
            **{name: [] for name in ('drives', 'nics', 'zones')},
            'accelerators': [],
            'name': uri,
            'health': 'ok',
            'state': 'free',
            'power_state': 'off',
            'hardware_uuid': None,
            'serial_number': None,
            **values,
        },
        parent,
    )


def _composed(uri, *resources):
    return hardware.ComposedNode(uri, '1', '1', None, 'on', resources)


class TestStoring(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        self.podm = db.create(
            models.PodManager,
            **objects.PodManager.defaults(),
            name='pod',
            url='http://pod',
        )
        self.began = db.now()

    def write(self, *systems, since=None, **more):
        """Store a pod of one rack with these systems."""
        seen = hardware.Inventory(
            chassis=[
                _chassis('/rack', 'rack'),
                _chassis('/drawer', 'drawer', '/rack'),
                _chassis('/sled', 'sled', '/drawer'),
            ],
            systems=list(systems),
        )
        for name, value in more.items():
            setattr(seen, name, value)
        return self.store(seen, since)

    def store(self, seen, since=None, partial=False):
        return db.transaction(inventory.write)(
            self.podm, seen, since=since or db.now(), partial=partial
        )

    def node(self, *uris):
        """A node that has claimed systems."""
        node = db.create(
            models.Node,
            **objects.Node.defaults(),
            name='node',
            scope='',
            podm_uuid=self.podm,
            resource_uri='/node',
            provision_state='active',
        )
        db.transaction(allocations.create)(
            self.podm, node, [self.row(uri).uuid for uri in uris]
        )
        return node

    @staticmethod
    def row(uri, model=models.System):
        return db.get(model, resource_uri=uri)

    def test_racks(self):
        self.write(_system('/1'), _system('/2', None), _system('/3', '/rack'))
        rack = self.row('/rack', models.Chassis).uuid
        self.assertEqual(rack, self.row('/1').rack_uuid)
        self.assertIsNone(self.row('/2').rack_uuid)
        self.assertEqual(rack, self.row('/3').rack_uuid)

    def test_the_rack_of_what_was_looked_at_alone(self):
        self.write()
        seen = hardware.Inventory(systems=[_system('/1')])
        self.store(seen, partial=True)
        rack = self.row('/rack', models.Chassis).uuid
        self.assertEqual(rack, self.row('/1').rack_uuid)

    def test_racks_in_a_ring(self):
        ring = [_chassis('/a', 'sled', '/b'), _chassis('/b', 'sled', '/a')]
        self.write(_system('/1', '/a'), chassis=ring)
        self.assertIsNone(self.row('/1').rack_uuid)

    def test_unreadable_parent_is_kept(self):
        self.write(_system('/1'))
        before = self.row('/1')
        rack = _chassis('/rack', 'rack')
        unread = {'/sled', '/drawer'}
        self.write(_system('/1'), chassis=[rack], unread=unread)
        after = self.row('/1')
        self.assertEqual(before.chassis_uuid, after.chassis_uuid)
        self.assertEqual(before.rack_uuid, after.rack_uuid)
        self.assertTrue(self.row('/sled', models.Chassis).stale)

    def test_the_container_of_a_system_was_not_read(self):
        """Only the chassis may have the link to its system."""
        self.write(_system('/1'))
        before = self.row('/1')
        self.write(_system('/1', None), chassis=[], unread={'/sled'})
        self.assertEqual(before.chassis_uuid, self.row('/1').chassis_uuid)
        self.store(
            hardware.Inventory(systems=[_system('/1', None)]), partial=True
        )
        after = self.row('/1')
        self.assertEqual(before.chassis_uuid, after.chassis_uuid)
        self.assertEqual(before.rack_uuid, after.rack_uuid)
        self.write(_system('/1', None))
        self.assertIsNone(self.row('/1').chassis_uuid)

    def test_free(self):
        self.write(_system('/1'), _system('/2', state='used'))
        self.assertTrue(self.row('/1').free)
        self.assertFalse(self.row('/2').free)
        node = self.node('/1')
        self.assertEqual(node, self.row('/1').node_uuid)
        self.assertFalse(self.row('/1').free)
        # What the pod manager says does not make it free.
        self.write(_system('/1', state='used'), _system('/2'))
        self.write(_system('/1'), _system('/2'))
        self.assertFalse(self.row('/1').free)
        self.assertTrue(self.row('/2').free)
        db.transaction(allocations.release_resources)(node, erased=True)
        self.assertTrue(self.row('/1').free)
        self.assertIsNone(self.row('/1').node_uuid)
        self.write(_system('/2'))
        self.assertFalse(self.row('/1').free)

    def test_hardware_that_vanishes_under_a_node(self):
        self.write(_system('/1'))
        self.node('/1')
        for nodes in ([_composed('/node', '/1')], [_composed('/node')]):
            self.write(nodes=nodes)
            node = db.get(models.Node, name='node')
            self.assertEqual({'lost': ['/1']}, node.drift)
            self.write(_system('/1'), nodes=[_composed('/node', '/1')])
            self.assertIsNone(db.get(models.Node, name='node').drift)
        # An event may name the system alone.
        gone = hardware.Inventory(gone={'/1'})
        self.store(gone, partial=True)
        node = db.get(models.Node, name='node')
        self.assertEqual({'lost': ['/1']}, node.drift)
        self.assertEqual('active', node.provision_state)

    def test_hardware_changes_under_a_node(self):
        known = {'hardware_uuid': 'A', 'memory_mib': 16384}
        self.write(_system('/1', **known), _system('/2', **known))
        node = self.node('/1')
        db.transaction(drift.record_baseline)(node)
        nodes = [_composed('/node', '/1')]
        for now, changes in (
            ({**known, 'power_state': 'on', 'health': 'warning'}, None),
            ({**known, 'memory_mib': 2}, {'memory_mib': [16384, 2]}),
            ({**known, 'serial_number': 'known at last'}, None),
            ({**known, 'hardware_uuid': 'B'}, {'hardware_uuid': ['A', 'B']}),
        ):
            self.write(
                _system('/1', **now), _system('/2', memory_mib=7), nodes=nodes
            )
            self.assertEqual(
                {'changed': {'/1': changes}} if changes else None,
                db.get(models.Node, uuid=node).drift,
            )
        # It stays reported, also when an event names the system alone, until
        # it is as it was.
        seen = hardware.Inventory(systems=[_system('/1', memory_mib=3)])
        self.store(seen, partial=True)
        changed = db.get(models.Node, uuid=node).drift['changed']
        self.assertEqual([16384, 3], changed['/1']['memory_mib'])
        self.write(_system('/1', **known), nodes=nodes)
        self.assertIsNone(db.get(models.Node, uuid=node).drift)

    def test_node_and_hardware_vanish(self):
        self.write(_system('/1'))
        self.node('/1')
        self.write()
        node = db.get(models.Node, name='node')
        self.assertEqual({'lost': ['/1']}, node.drift)
        self.assertEqual('error', node.provision_state)
        self.assertEqual(
            '/node is missing on the pod manager', node.last_error
        )
        self.assertIsNotNone(self.row('/1'))

    def test_a_node_that_is_missing_for_a_while(self):
        self.write(_system('/1'))
        self.node('/1')
        self.write(_system('/1'))
        node = db.get(models.Node, name='node')
        self.assertEqual('missing', node.fault)
        # Members of projects learn why.
        self.assertEqual(
            'The node is missing on its pod manager.', node.user_last_error
        )
        self.write(_system('/1'), nodes=[_composed('/node', '/1')])
        node = db.get(models.Node, name='node')
        self.assertEqual('active', node.provision_state)
        self.assertEqual(
            (None, None, None),
            (node.fault, node.last_error, node.user_last_error),
        )

    def test_another_error_does_not_go_by_itself(self):
        self.write(_system('/1'))
        uuid = self.node('/1')
        self.write(_system('/1'))
        error = exception.PodManagerError(reason='it is stuck').error_text()
        db.transaction(states.fail_node)(uuid, error)
        self.write(_system('/1'), nodes=[_composed('/node', '/1')])
        node = db.get(models.Node, name='node')
        self.assertEqual('error', node.provision_state)
        self.assertEqual(error, (node.last_error, node.user_last_error))

    def test_a_look_that_finds_nothing_new_is_newer_all_the_same(self):
        self.write(_system('/1'), since=self.began)
        seen = hardware.Inventory(systems=[_system('/1')])
        self.store(seen, self.began + 9 * _SECOND, partial=True)
        late = _system('/1', health='critical')
        self.write(late, since=self.began + 5 * _SECOND)
        self.assertEqual('ok', self.row('/1').health)
        self.write(late, since=self.began + 10 * _SECOND)
        self.assertEqual('critical', self.row('/1').health)

    def test_a_reading_is_newer_than_an_older_refresh(self):
        self.write(_system('/1'), since=self.began)
        db.update(
            models.PodManager,
            {'synced_at': self.began + 9 * _SECOND},
            uuid=self.podm,
        )
        seen = hardware.Inventory(systems=[_system('/1', health='warning')])
        self.store(seen, self.began + 5 * _SECOND, partial=True)
        self.assertEqual('ok', self.row('/1').health)

    def test_partial_read_sets_refreshed(self):
        both = _system('/1'), _system('/2')
        self.write(*both, since=self.began)
        self.assertIs(False, self.row('/1').refreshed)
        seen = hardware.Inventory(systems=[_system('/1')])
        self.store(seen, self.began + 3 * _SECOND, partial=True)
        self.assertIs(True, self.row('/1').refreshed)
        self.assertIs(False, self.row('/2').refreshed)
        # One that began before says nothing of what was seen since.
        self.write(*both, since=self.began + 2 * _SECOND)
        self.assertTrue(self.row('/1').refreshed)
        count = self.write(*both, since=self.began + 4 * _SECOND)
        self.assertFalse(self.row('/1').refreshed)
        # That is all that a reading writes which finds nothing new.
        self.assertEqual(1, count.updated)
        count = self.write(*both, since=self.began + 5 * _SECOND)
        self.assertEqual(0, count.updated)

    def test_events_tell_of_a_move(self):
        self.write(_system('/1', hardware_uuid='A'), _system('/2'))
        before = self.row('/1').uuid
        moved = _system('/91', hardware_uuid='A')
        for looks in (
            [hardware.Inventory(systems=[moved], gone={'/1'})],
            [
                hardware.Inventory(gone={'/91'}),
                hardware.Inventory(systems=[_system('/1', **moved.values)]),
            ],
        ):
            for seen in looks:
                self.store(seen, partial=True)
        row = self.row('/1')
        self.assertEqual((before, None), (row.uuid, row.missing_since))
        self.assertIsNone(self.row('/91'))

    def test_duplicate_has_not_moved(self):
        self.write(_system('/1', hardware_uuid='A'))
        before = self.row('/1').uuid
        twin = _system('/2', hardware_uuid='A')
        self.store(hardware.Inventory(systems=[twin]), partial=True)
        self.assertEqual(before, self.row('/1').uuid)
        self.assertNotEqual(before, self.row('/2').uuid)

    def test_a_value_that_the_database_does_not_take(self):
        self.write(_system('/1'))
        too_much = [
            {'memory_mib': 2**70},
            {'drives': [float('nan')]},
            {'name': '\ud800'},
        ]
        if self.backend != 'sqlite':
            too_much += [{'cpu_cores': 2**40}, {'name': 'x' * 300}]
        for values in too_much:
            wrong = _system('/1', **values)
            with contextlib.suppress(exception.ValueRejected):
                self.write(wrong)
        self.assertRaises(
            db_exception.DBDuplicateEntry,
            db.create,
            models.PodManager,
            **objects.PodManager.defaults(),
            name='pod',
            url='http://pod',
        )

    def test_pod_manager_is_removed_during_sync(self):
        db.transaction(lambda tx: tx.delete(models.PodManager))()
        error = self.assertRaises(
            exception.PodManagerError, self.write, _system('/1')
        )
        self.assertIn('removed', str(error))


class TestStoringMySQL(TestStoring):
    backend = 'mysql'


class TestStoringPostgreSQL(TestStoring):
    backend = 'postgresql'
