# SPDX-License-Identifier: Apache-2.0
"""Filters by tags and traits: what passes, and what it costs the database.

It costs the same in an estate of any size: the same statements, and as many
rows as pass.
"""

import sqlalchemy as sa

from valence.db import api as db
from valence.db import recount
from valence.db import tags
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import estate

_ROW, _CAGE = 'CUSTOM_ROW', 'CUSTOM_CAGE'
# A row of racks, as numbers of chassis, and a cage in which it is.
_ROW_OF, _CAGE_OF = 1, 0
_ASKED = (
    f'systems?tags={_ROW}',
    f'systems?traits={_ROW},{_CAGE}',
    f'systems?tags={_CAGE}&not-tags={_ROW}',
    f'devices?tags-any={_ROW},CUSTOM_X',
    f'nodes?traits={_ROW}',
    'pod_managers?tags=CUSTOM_POD',
)
_OF_CHASSIS = (f'chassis?tags={_ROW}', f'chassis?tags={_CAGE}&not-tags={_ROW}')


@db.transaction
def _tag(tx, podm_uuid):
    """Put chassis 2 and 3 into the row 1, which is in the cage 0."""
    found = {row.name: row.uuid for row in tx.list(models.Chassis).all()}
    uuids = [found[f'chassis-{number}'] for number in range(4)]
    tx.update(models.Chassis, {'parent_uuid': uuids[0]}, uuid=uuids[1])
    tx.update(models.Chassis, {'parent_uuid': uuids[1]}, uuid=uuids[2:])
    for number, tag in ((_CAGE_OF, _CAGE), (_ROW_OF, _ROW)):
        tags.change(tx, models.Chassis, uuids[number], podm_uuid, [tag])


class TestMarks(base.ApiTestCase):
    analyze = 'ANALYZE'

    def fill(self, systems):
        """An estate with a tagged row of racks, and statistics of it."""
        estate.fill(1, systems, 400)
        recount.fill()
        (podm,) = self.client.all('/v1/pod_managers')
        _tag(podm['uuid'])
        with engine.begin() as connection:
            connection.exec_driver_sql(self.analyze)

    def names(self, query):
        found = self.client.all(f'/v1/chassis?{query}')
        return [int(one['name'].partition('-')[2]) for one in found]

    def test_chassis(self):
        """Own tags count, and those of what contains it however far up."""
        self.fill(450)
        for query, numbers in (
            (f'tags={_ROW}', [1, 2, 3]),
            (f'tags={_CAGE}', [0, 1, 2, 3]),
            (f'tags={_ROW},{_CAGE}', [1, 2, 3]),
            (f'tags-any={_ROW},{_CAGE},CUSTOM_X', [0, 1, 2, 3]),
            (f'not-tags={_CAGE},{_ROW}', [0, 4, 5, 6, 7, 8]),
            (f'not-tags-any={_ROW},{_CAGE}', [4, 5, 6, 7, 8]),
            (f'tags={_CAGE}&not-tags={_ROW}', [0]),
            (f'tags={_CAGE}&name=chassis-2', [2]),
            ('tags=CUSTOM_X', []),
            ('not-tags=CUSTOM_X', [*range(9)]),
        ):
            self.assertEqual(numbers, self.names(query), query)

    def test_pod_manager(self):
        self.fill(450)
        self.client.patch('/v1/pod_managers/pod-0', {'tags': ['CUSTOM_POD']})
        self.assertEqual([*range(9)], self.names('tags=CUSTOM_POD'))
        self.assertEqual(
            [0], self.names(f'tags=CUSTOM_POD&not-tags={_ROW}&tags={_CAGE}')
        )
        self.assertEqual([], self.names('not-tags-any=CUSTOM_POD'))

    def test_refusals(self):
        self.fill(450)
        for query in ('traits=X', 'tags=,'):
            name = query.partition('=')[0]
            self.assertRefused(400, name, 'GET', f'/v1/chassis?{query}')


class _Costs:
    def cost(self, path):
        """The statements of a request, and the rows that they read."""
        statements = []

        def execute(connection, cursor, statement, *more):
            statements.append(statement)

        # The shapes of hardware are kept once they were read.
        self.client.get(path)
        listen = engine.get_engine(), 'before_cursor_execute', execute
        with fixtures.RowsRead() as read:
            sa.event.listen(*listen)
            try:
                self.client.get(path)
            finally:
                sa.event.remove(*listen)
        return len(statements), read.count

    def costs(self, systems):
        with fixtures.Database(self.backend):
            self.fill(systems)
            return {
                path: self.cost(f'/v1/{path}&limit=10')
                for path in (*_ASKED, *_OF_CHASSIS)
            }

    def test_cost(self):
        few, many = self.costs(1000), self.costs(4000)
        for path, (statements, rows) in many.items():
            self.assertEqual(few[path][0], statements, path)
            if path in _ASKED:
                self.assertLess(rows, 1.15 * few[path][1], path)


class TestMarksMySQL(_Costs, TestMarks):
    backend = 'mysql'
    analyze = 'ANALYZE TABLE systems, devices, chassis, nodes, counts, shapes'


class TestMarksPostgreSQL(_Costs, TestMarks):
    backend = 'postgresql'
