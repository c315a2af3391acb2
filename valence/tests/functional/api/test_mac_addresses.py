# SPDX-License-Identifier: Apache-2.0
"""Systems and devices that are found by a MAC address."""

import sqlalchemy as sa

from valence.conductor.inventory import store
from valence.db import api as db
from valence.db import macs
from valence.db import migration
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware
from valence.podmanagers.fake import parts
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import estate

_MAC, _OTHER = '02:00:00:00:09:0a', '02:00:00:00:09:0b'
_PODS = '/v1/pod_managers'


def _system(number, *addresses):
    item = parts.system(number)
    item.values['nics'] = [
        {'resource_uri': f'{item.uri}/{n}', 'mac': one, 'speed_mbps': 1}
        for n, one in enumerate(addresses)
    ]
    return item


def _nic(number, *addresses):
    item = parts.drive(number)
    item.values |= {'type': 'nic', 'mac_addresses': [*addresses]}
    return item


class _Case(base.ApiTestCase):
    def pod(self):
        podm = self.client.post(_PODS, {'name': 'a', 'url': 'http://a'})
        return podm['uuid']

    def store(self, podm, systems=(), devices=(), partial=False):
        seen = hardware.Inventory(
            chassis=[parts.rack()], systems=[*systems], devices=[*devices]
        )
        db.transaction(store.write)(podm, seen, partial=partial)

    def names(self, query, kind='systems'):
        return [one['name'] for one in self.client.all(f'/v1/{kind}?{query}')]

    def found(self, address):
        return self.names(f'mac_address={address}')


class TestFilters(_Case):
    def setUp(self):
        super().setUp()
        self.podm = self.pod()
        self.store(
            self.podm,
            [_system(1, _MAC), _system(2, _OTHER, None), _system(3)],
            [_nic(1, _OTHER), parts.drive(2)],
        )

    def test_every_notation(self):
        for text in (
            *(_MAC, _MAC.upper(), '02-00-00-00-09-0A', '0200.0000.090a'),
            *('02000000090A', 'eq:' + _MAC, '02:00:00:ff:fe:00:09:0a'),
            'contains:0200.0000.090A',
        ):
            self.assertEqual(['System 1'], self.found(text), text)
        self.assertEqual([], self.found('02:00:00:00:09:0c'))

    def test_devices(self):
        found = self.names(f'mac_address={_OTHER}', 'devices')
        self.assertEqual(['Drive 1'], found)
        (device,) = self.client.all(f'/v1/devices?mac_address={_OTHER}')
        self.assertEqual([_OTHER], device['mac_addresses'])

    def test_several(self):
        both = f'mac_address=in:{_MAC},{_OTHER}'
        self.assertEqual(['System 1', 'System 2'], self.names(both))
        self.assertEqual(
            ['System 2', 'System 1'],
            self.names(f'{both}&sort_key=name&sort_dir=desc&limit=1'),
        )
        self.assertEqual(['System 1'], self.names(f'{both}&name=System 1'))
        answer = self.client.get(f'/v1/systems?{both}&with_count=true')
        self.assertEqual(2, answer['count'])
        self.assertEqual(
            [], self.names(f'mac_address={_MAC}&mac_address={_OTHER}')
        )

    def test_parts(self):
        for text, expected in (
            ('09:0A', ['System 1']),
            ('02-00', ['System 1', 'System 2']),
            ('020000', ['System 1', 'System 2']),
            ('0b', ['System 2']),
            ('9:0', ['System 1', 'System 2']),
            ('ff', []),
        ):
            self.assertEqual(expected, self.found(f'contains:{text}'), text)

    def test_refusals(self):
        for text in (
            *('', 'x', '02', f'{_MAC}:00', 'ne:' + _MAC, f'in:{_MAC},'),
            *(
                'contains:',
                'contains:x',
                'contains:%25',
                'contains:' + 'a' * 18,
            ),
            *('00:00:00:00:00:00', 'in:' + ','.join([_MAC] * 17)),
        ):
            self.assertRefused(
                400, 'mac_address', 'GET', f'/v1/systems?mac_address={text}'
            )
        self.assertRefused(
            400, 'mac_address', 'GET', f'/v1/chassis?mac_address={_MAC}'
        )


class TestStoring(_Case):
    """The transactions that store what was read keep the addresses."""

    def setUp(self):
        super().setUp()
        self.podm = self.pod()
        self.store(self.podm, [_system(1, _MAC), _system(2, _OTHER)])

    def count(self):
        with db.reader() as tx:
            return tx.count(models.MacAddress)

    def test_an_interface_is_replaced(self):
        for partial in (False, True):
            self.store(self.podm, [_system(1, _OTHER)], partial=partial)
            self.assertIn('System 1', self.found(_OTHER))
            self.assertEqual([], self.found(_MAC))
            self.store(self.podm, [_system(1, _MAC)], partial=partial)
            self.assertEqual(['System 1'], self.found(_MAC))
            self.assertEqual(['System 2'], self.found(_OTHER))

    def test_twice_in_a_system(self):
        self.store(self.podm, [_system(1, _MAC, _MAC.upper())])
        self.assertEqual(['System 1'], self.found(_MAC))

    def test_what_is_wrong_is_corrected(self):
        @db.transaction
        def spoil(tx):
            tx.delete(models.MacAddress, address=_MAC)
            tx.update(models.MacAddress, {'address': '02:00:00:00:00:99'})

        spoil()
        self.store(self.podm, [_system(1, _MAC), _system(2, _OTHER)])
        self.assertEqual(['System 1'], self.found(_MAC))
        self.assertEqual(['System 2'], self.found(_OTHER))
        self.assertEqual(2, self.count())

    def test_deleted_hardware(self):
        db.update(
            models.System,
            {'missing_since': db.now().replace(year=2020), 'missed_syncs': 3},
            name='System 1',
        )
        self.store(self.podm, [_system(2, _OTHER)])
        self.assertEqual(1, self.count())
        db.transaction(lambda tx: tx.delete(models.System))()
        db.transaction(lambda tx: tx.delete(models.PodManager))()
        self.assertEqual(0, self.count())

    def test_rows_of_an_earlier_release(self):
        db.transaction(lambda tx: tx.delete(models.MacAddress))()
        migration.sync()
        self.assertEqual(['System 1'], self.found(_MAC))
        self.assertEqual(2, self.count())
        macs.fill()
        self.assertEqual(2, self.count())


class TestStoringMySQL(TestStoring):
    backend = 'mysql'


class TestStoringPostgreSQL(TestStoring):
    backend = 'postgresql'


class TestFiltersMySQL(TestFilters):
    backend = 'mysql'


class TestFiltersPostgreSQL(TestFilters):
    backend = 'postgresql'


class TestCosts(_Case):
    """A search reads the same few rows in an estate of any size."""

    analyze = 'ANALYZE'

    def cost(self, systems):
        """The statements of a search, and the rows that they read."""
        with fixtures.EmptyDatabase(self.backend):
            migration.sync()
            estate.fill(1, systems, 1)
            macs.fill()
            with db.reader() as tx:
                address = tx.list(models.MacAddress, limit=1).one().address
            with engine.begin() as connection:
                connection.exec_driver_sql(self.analyze)
            statements = []
            listen = (
                *(engine.get_engine(), 'before_cursor_execute'),
                lambda *args: statements.append(args[2]),
            )
            with fixtures.RowsRead() as read:
                sa.event.listen(*listen)
                self.assertEqual(1, len(self.found(address)))
                sa.event.remove(*listen)
            return len(statements), read.count

    def test_cost(self):
        few, rows = self.cost(200)
        many, more = self.cost(1600)
        self.assertEqual(few, many)
        self.assertLessEqual(more, 1.2 * rows)


class TestCostsMySQL(TestCosts):
    backend = 'mysql'
    analyze = 'ANALYZE TABLE systems, mac_addresses'


class TestCostsPostgreSQL(TestCosts):
    backend = 'postgresql'
