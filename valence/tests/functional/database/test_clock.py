# SPDX-License-Identifier: Apache-2.0
"""Everything that is stored is timed by the database."""

import ast
import datetime
import pathlib
import time

import sqlalchemy as sa
from oslo_utils import timeutils

from valence.db import api as db
from valence.db import clock
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types
from valence.tests import base

_TOP = pathlib.Path(__file__).parents[3]
_HOUR = datetime.timedelta(hours=1)


class SQLiteTest(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        right = timeutils.utcnow
        self.patch(timeutils, 'utcnow', lambda *args: right(*args) + _HOUR)

    def database_time(self):
        """The time, as the database says."""
        with engine.connect() as connection:
            value = connection.execute(sa.select(types.utcnow())).scalar_one()
        if isinstance(value, str):
            return datetime.datetime.fromisoformat(value)
        return value

    def assertTimed(self, function):
        """What a function gives lies between two looks at the clock."""
        before = self.database_time()
        found = function()
        after = self.database_time()
        # How long the look at the clock took, on a busy machine, is not known.
        self.assertLess(before - _HOUR / 2, found)
        self.assertLess(found, after + _HOUR / 2)

    def create(self):
        uuid = db.create(models.ProjectUsage, project_id='project')
        return db.get(models.ProjectUsage, uuid=uuid)

    def test_rows(self):
        self.assertTimed(lambda: self.create().created_at)
        db.update(models.ProjectUsage, {}, project_id='project')
        row = db.get(models.ProjectUsage, project_id='project')
        self.assertLessEqual(row.created_at, row.updated_at)
        self.assertLess(row.updated_at - row.created_at, _HOUR / 2)

    def test_now(self):
        self.assertTimed(db.now)
        with db.reader() as tx:
            self.assertTimed(tx.now)

    def test_later_is_later(self):
        times = [db.now() for _ in range(1000)]
        with engine.connect() as connection:
            clock.measure(connection)
        times += [db.now() for _ in range(1000)]
        self.assertEqual(sorted(times), times)

    def test_it_is_not_looked_at_each_time(self):
        db.now()
        looks = []
        sa.event.listen(
            engine.get_engine(),
            'before_cursor_execute',
            lambda conn, cursor, statement, *args: looks.append(statement),
        )
        for _ in range(10):
            db.now()
        self.assertEqual([], looks)

    def test_it_is_looked_at_again_after_a_while(self):
        later = time.monotonic() + 3600
        with engine.connect() as connection:
            clock.measure(connection)
            # While the process slept, its own clock went on.
            self.patch(time, 'monotonic', lambda: later)
            self.assertTimed(lambda: clock.now(connection))


class MariaDBTest(SQLiteTest):
    backend = 'mysql'


class PostgreSQLTest(SQLiteTest):
    backend = 'postgresql'


class OneClockTest(base.TestCase):
    """Nothing else reads the time of day."""

    asked = ('utcnow', 'now', 'today', 'time_ns', 'utcfromtimestamp')
    modules = ('datetime', 'timeutils', 'date')

    def questions(self, path):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Attribute):
                continue
            owner = node.value
            name = getattr(owner, 'attr', getattr(owner, 'id', ''))
            if node.attr in self.asked and name in self.modules:
                yield f'{path.relative_to(_TOP)}:{node.lineno}'
            if (name, node.attr) == ('time', 'time'):
                yield f'{path.relative_to(_TOP)}:{node.lineno}'

    def test_no_query(self):
        found = [
            question
            for part in ('api', 'conductor', 'db', 'scheduler', 'cmd')
            for path in sorted((_TOP / part).rglob('*.py'))
            if 'migrations' not in path.parts
            for question in self.questions(path)
        ]
        self.assertEqual([], found)
