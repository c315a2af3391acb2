# SPDX-License-Identifier: Apache-2.0
"""Reading many rows at once gives the same as reading them one by one."""

from valence.db import api as db
from valence.db import scan
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures

_PODMS = (
    'name',
    'status',
    'is_public',
    'timeout',
    'capabilities',
    'synced_at',
    'deleting_at',
)
_CAPACITIES = ('podm_uuid', 'systems', 'memory_mib', 'devices')


class TestScan(base.ConductorTestCase):
    fixture = fixtures.Database
    options = {'fake__systems': 3, 'fake__devices': 2}

    def setUp(self):
        super().setUp()
        for name in ('a', 'b', 'c'):
            self.pod(name)
        odd = '\u00fc\U0001f600 "x\\'
        db.update(models.PodManager, {'name': odd}, name='c')

    def assert_same(self, model, only, *extra, **where):
        with db.reader() as tx:
            one = tx.list(model, *extra, only=only, **where).all()
            other = scan.rows(tx, model, *extra, only=only, **where)
        self.assertEqual(
            sorted(map(repr, map(tuple, one))),
            sorted(map(repr, map(tuple, other))),
        )
        for row in other:
            self.assertEqual(tuple(row)[-1], getattr(row, only[-1]))
        return other

    def test_rows(self):
        self.assertEqual(3, len(self.assert_same(models.PodManager, _PODMS)))
        self.assertEqual(
            3, len(self.assert_same(models.Capacity, _CAPACITIES))
        )

    def test_conditions(self):
        podm = models.PodManager
        for names in (['a', 'b'], ['nobody'], []):
            self.assert_same(podm, _PODMS, name=names)
        self.assert_same(podm, _PODMS, podm.name > 'a', is_public=True)

    def test_a_limit_of_the_server(self):
        if self.backend != 'mysql':
            self.skipTest('others have none')
        limit = 'SET SESSION group_concat_max_len = '
        with db.reader() as tx:
            for size in (4, 200):
                tx.connection.exec_driver_sql(f'{limit}{size}')
                rows = scan.rows(tx, models.PodManager, only=_PODMS)
                self.assertEqual(3, len(rows))
            tx.connection.exec_driver_sql(f'{limit}{2**30}')


class TestScanMySQL(TestScan):
    backend = 'mysql'


class TestScanPostgreSQL(TestScan):
    backend = 'postgresql'
