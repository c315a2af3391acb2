# SPDX-License-Identifier: Apache-2.0
"""Each pair of filter and sort is served by an index, however rare a value is.

What counts is what the database did: it sorted nothing, and looked at few
more rows than it gave.
"""

import contextlib
import datetime
import random
import uuid

import sqlalchemy as sa
from oslo_utils import uuidutils

from valence import objects
from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.objects import fields
from valence.tests import base

_ROWS = 3000
_PAGE = 10
_MOST = 5 * _PAGE
_UUIDS = [f'{n}0000000-0000-4000-8000-000000000000' for n in (3, 7, 9)]
_DAY = datetime.datetime(2026, 1, 1)
_COLLECTIONS = (
    objects.PodManager,
    objects.Chassis,
    objects.System,
    objects.Device,
    objects.Storage,
    objects.Flavor,
    objects.Node,
    objects.Operation,
)


def _values(field):
    """A rare value, a common one, and the others."""
    if isinstance(field, fields.UUIDField):
        return _UUIDS
    if field.values:
        *others, common = field.values
        return [field.values[0], common, others[-1] if others else common]
    if field.ordered:
        return [_of_order(field, number) for number in (900, 100, 500)]
    return ['rare', 'common', 'other']


def _skewed(field, share):
    return _values(field)[0 if share < 0.01 else 1 if share < 0.91 else 2]


def _row(cls, numbers):
    """A row: what is filtered by has few values, what is sorted by many."""
    model = models.BY_RESOURCE[cls.RESOURCE]
    row = {
        # What is drawn is the same in every run.
        'uuid': str(uuid.UUID(int=numbers.getrandbits(128), version=4)),
        'created_at': _DAY + datetime.timedelta(seconds=numbers.random()),
    }
    for column in model.__table__.columns:
        field = cls.fields.get(column.name)
        if column.name in (*row, 'count_uuid'):
            continue
        if column.name in ('uri_hash', 'lock_key', 'url'):
            row[column.name] = uuidutils.generate_uuid()
        elif field.sort is not None and not field.values:
            # Few enough for ties, many enough for an order.
            value = numbers.randrange(1000)
            row[column.name] = _of_order(field, value)
        elif field.filter or field.values:
            row[column.name] = _skewed(field, numbers.random())
        elif not column.nullable:
            row[column.name] = _plain(field)
    if cls in (objects.PodManager, objects.Flavor, objects.Node):
        row['name'] = uuidutils.generate_uuid()
    return row


def _of_order(field, number):
    """A value of a field that is sorted by, in the order of numbers."""
    if isinstance(field, fields.DateTimeField):
        return _DAY + datetime.timedelta(seconds=number)
    return number if field.ordered else f'{number:04}'


def _text(value):
    """A value, as a query has it."""
    if isinstance(value, datetime.datetime):
        return f'{value.isoformat()}Z'
    return str(value).lower()


def _plain(field):
    if isinstance(field, fields.DateTimeField):
        return _DAY
    if isinstance(field, fields.ListField):
        return []
    if isinstance(field, fields.ObjectField):
        return {}
    return 0 if field.json_type != 'string' else '-'


@db.transaction
def _fill(tx):
    numbers = random.Random(1)
    for cls in _COLLECTIONS:
        model = models.BY_RESOURCE[cls.RESOURCE]
        rows = [_row(cls, numbers) for _ in range(_ROWS)]
        if cls is objects.PodManager:
            for row, known in zip(rows, _UUIDS, strict=False):
                row['uuid'] = known
        tx.create_many(model, rows)


def _asked(cls):
    """The queries of a collection, each with its page from the middle."""
    for name, key in cls.pairs():
        if name is None:
            yield {'sort_key': key}
            if cls.fields[key].filter and cls.fields[key].ordered:
                for number in (990, 100):
                    least = _text(_of_order(cls.fields[key], number))
                    yield {key: f'gte:{least}', 'sort_key': key}
            continue
        if name == 'url':
            # It is unique: there is no page of those that are equal.
            continue
        values = [_text(value) for value in _values(cls.fields[name])]
        rare, common, _ = values
        for value in (rare, common, f'in:{",".join(values)}'):
            query = {name: value}
            # What has no order of its own is not to be asked for it.
            yield query if name == key else {**query, 'sort_key': key}


class Plans:
    """What a database did to answer the queries of a request."""

    def __init__(self, table):
        self._table = table
        self._statements = []

    @contextlib.contextmanager
    def watching(self):
        """Note the statements that read the table."""
        listen = engine.get_engine(), 'before_cursor_execute', self._note
        sa.event.listen(*listen)
        try:
            yield
        finally:
            sa.event.remove(*listen)

    def _note(self, connection, cursor, statement, parameters, *args):
        if f'FROM {self._table} ' in ' '.join(statement.split()):
            self._statements.append((statement, parameters))

    def examined(self):
        """How many rows were looked at, and whether any were sorted."""
        rows, sorts = 0, False
        with engine.get_engine().connect() as connection:
            for statement in self._statements:
                found = getattr(self, f'_{connection.dialect.name}')(
                    connection.exec_driver_sql, *statement
                )
                rows, sorts = rows + found[0], sorts or found[1]
        return rows, sorts

    @staticmethod
    def _mysql(execute, statement, parameters):
        execute('FLUSH STATUS')
        execute(statement, parameters).all()
        status = {
            name: int(value)
            for name, value in execute('SHOW SESSION STATUS')
            if name.startswith(('Handler_', 'Sort_')) and value.isdigit()
        }
        rows = sum(
            value
            for name, value in status.items()
            if name.startswith('Handler_read') or name.endswith('icp_attempts')
        )
        return rows, status['Sort_scan'] + status['Sort_range'] > 0

    def _postgresql(self, execute, statement, parameters):
        (plan,) = execute(
            f'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}',
            parameters,
        ).scalar_one()
        nodes = list(self._nodes(plan['Plan']))
        rows = sum(
            node['Actual Loops']
            * (
                node['Actual Rows']
                + node.get('Rows Removed by Filter', 0)
                + node.get('Rows Removed by Index Recheck', 0)
            )
            for node in nodes
            if 'Scan' in node['Node Type']
        )
        return rows, any('Sort' in node['Node Type'] for node in nodes)

    def _nodes(self, node):
        yield node
        for inner in node.get('Plans', ()):
            yield from self._nodes(inner)


class _Pairs:
    def setUp(self):
        super().setUp()
        _fill()
        tables = ', '.join(cls.RESOURCE for cls in _COLLECTIONS)
        with engine.begin() as connection:
            connection.exec_driver_sql(self.analyze + tables)

    def _ask(self, cls, query):
        words = '&'.join(f'{name}={value}' for name, value in query.items())
        path = f'/v1/{cls.RESOURCE}?limit={_PAGE}&{words}'
        for direction in ('asc', 'desc'):
            page = f'{path}&sort_dir={direction}'
            plans = Plans(cls.RESOURCE)
            with plans.watching():
                body = self.client.get(page)
            rows, sorts = plans.examined()
            self.assertEqual(_PAGE, len(body[cls.RESOURCE]), page)
            yield page, rows, sorts
            plans = Plans(cls.RESOURCE)
            with plans.watching():
                self.client.get(body['next'])
            yield (body['next'], *plans.examined())

    def test_all(self):
        bad = [
            (*found,)
            for cls in _COLLECTIONS
            for query in _asked(cls)
            for found in self._ask(cls, query)
            if found[2] or found[1] > _MOST
        ]
        self.assertEqual([], bad)


class TestPairsMySQL(_Pairs, base.ApiTestCase):
    backend = 'mysql'
    analyze = 'ANALYZE TABLE '


class TestPairsPostgreSQL(_Pairs, base.ApiTestCase):
    backend = 'postgresql'
    analyze = 'ANALYZE '
