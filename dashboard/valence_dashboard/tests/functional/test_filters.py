# SPDX-License-Identifier: Apache-2.0
"""Filters and pagination of the lists."""

import unittest

from django.test import override_settings

from valence_dashboard import fields
from valence_dashboard import operations
from valence_dashboard.admin.chassis import tables as chassis
from valence_dashboard.admin.conditions import tables as conditions
from valence_dashboard.admin.devices import tables as devices
from valence_dashboard.admin.nodes import tables as all_nodes
from valence_dashboard.admin.pod_managers import tables as pod_managers
from valence_dashboard.admin.pools import tables as pools
from valence_dashboard.admin.storages import tables as storages
from valence_dashboard.admin.systems import tables as systems
from valence_dashboard.project.flavors import tables as flavors
from valence_dashboard.project.nodes import tables as nodes
from valence_dashboard.tests.functional import pages
from valence_dashboard.tests.functional import processes

_TABLES = {
    'admin/pod_managers': pod_managers.PodManagers,
    'admin/systems': systems.Systems,
    'admin/chassis': chassis.Chassis,
    'admin/devices': devices.Devices,
    'admin/storages': storages.Storages,
    'admin/conditions': conditions.Conditions,
    'admin/nodes': all_nodes.Nodes,
    'admin/pools': pools.Pools,
    'admin/operations': operations.AllOperations,
    'project/nodes': nodes.Nodes,
    'project/flavors': flavors.Flavors,
}


@unittest.skipIf(pages.MISSING, f'not installed: {", ".join(pages.MISSING)}')
class Filters(pages.NodeTestCase):
    def sample(self, collection, name):
        """Return a resource with this field, and its text on the page."""
        for found in getattr(self.composable, collection)():
            record = found.api_fields()
            nics = record.get('nics') or []
            addresses = record.get('mac_addresses') or []
            value = {
                **record,
                'mac_address': next(
                    iter([*addresses, *(nic['mac'] for nic in nics)]), None
                ),
                'pod_manager': record.get('podm_uuid') and 'pod',
                'flavor': record.get('flavor_uuid') and 'any',
            }.get(name)
            if isinstance(value, bool):
                return record, fields.render(name, value)
            if name in fields.STATES and value:
                return record, value.replace('_', ' ').capitalize()
            if value:
                return record, str(value)
        return None, 'ff:ff:ff' if name == 'mac_address' else 'nothing'

    def test_every_filter_finds_what_the_page_shows(self):
        self.composable.create_condition(
            subject='pod_manager',
            subject_id='pod',
            code='checked',
            message='It is looked at.',
            effects=['quiet'],
        )
        pool = self.composable.create_pool(
            name='nothing', flavor='any', max_nodes=1, enabled=False
        )
        self.addCleanup(self.composable.delete_pool, pool.id)
        processes.wait_for(
            lambda: self.composable.get_pool(pool.id).state != 'ok', 'its look'
        )
        for panel, table in _TABLES.items():
            for name in table.filter_by:
                label = name
                collection = panel.partition('/')[2]
                record, text = self.sample(collection, name)
                page = self.filter(f'/{panel}/', name, text)
                context = (panel, label, text)
                self.assertNotIn('Invalid input', page, context)
                if record is None or panel == 'project/nodes':
                    # Without Keystone, nodes belong to no project.
                    self.assertIn('No matching items.', page, context)
                else:
                    which = record.get('uuid')
                    self.assertIn(f'data-object-id="{which}"', page, context)

    def test_filter_labels_contain_units(self):
        page = self.page('/admin/systems/')
        self.assertIn('>Memory (MiB)<', page)
        self.assertIn('>CPU cores<', page)

    def test_filtered_operations_are_sorted(self):
        for _ in range(2):
            made = self.composable.sync_pod_manager(self.pod)
            self.composable.wait_for_operation(made, interval=0.1)
        page = self.filter('/admin/operations/', 'action', 'sync')
        found = list(
            self.composable.operations(
                action='sync', sort_key='created_at', sort_dir='desc'
            )
        )
        self.assertGreater(len(found), 1)
        places = [page.index(one.id) for one in found]
        self.assertEqual(sorted(places), places)

    def test_pagination_of_tabs_is_independent(self):
        path = f'/admin/pod_managers/{self.pod}/?tab=pod_manager__'
        with override_settings(API_RESULT_PAGE_SIZE=2):
            page = self.page(f'{path}systems')
            last = list(self.composable.systems(podm_uuid=self.pod))[1].id
            self.assertIn(f'systems_marker={last}', page)
            turned = f'&systems_marker={last}'
            self.assertIn(
                'systems_prev_marker=', self.page(f'{path}systems{turned}')
            )
            page = self.page(f'{path}devices{turned}')
        self.assertNotIn('Invalid input', page)
        self.assertNotIn('devices_prev_marker', page)
        self.assertIn('devices_marker', page)
