# SPDX-License-Identifier: Apache-2.0
"""What the scheduler and the capacity cost does not depend on the estate.

Statements are counted, and what the database does for them: rows that it
reads, or instructions of its virtual machine.
"""

import contextlib
from unittest import mock

import sqlalchemy as sa

from valence.common import exception
from valence.db import api as db
from valence.db import clock
from valence.db import recount
from valence.db.sqlalchemy import engine
from valence.objects import requirements
from valence.scheduler import availability
from valence.scheduler import ranking
from valence.scheduler.request import Request
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import estate

_FITS = {'processor': {'total_cores': 32, 'architecture': 'x86-64'}}
_DEVICES = {**_FITS, 'pci_devices': [{'type': 'gpu', 'count': 2}]}
_DEVICES_REFUSED = {**_FITS, 'pci_devices': [{'type': 'gpu', 'count': 99}]}
_REFUSED = {'processor': {'total_cores': 512}}


class TestEstate(base.ApiTestCase):
    analyze = 'ANALYZE'

    def cost(self, function, *args):
        """The statements and the work of a call.

        The last number is that of the pod managers whose counters are
        compared with a request.
        """
        statements, compared = [], set()
        add = availability.Reader._add

        def compare(reader, to, row):
            compared.add(row.podm_uuid)
            return add(reader, to, row)

        @sa.event.listens_for(engine.get_engine(), 'before_cursor_execute')
        def execute(connection, cursor, statement, *more):
            statements.append(statement)

        # Otherwise it is chance what is chosen of equals.
        chance = (
            mock.patch(
                'oslo_utils.uuidutils.generate_uuid',
                lambda: '00000000-0000-0000-0000-000000000000',
            ),
            mock.patch('random.shuffle', lambda rows: None),
            mock.patch('random.sample', lambda rows, count: rows),
            mock.patch.object(availability.Reader, '_add', compare),
            mock.patch.object(ranking, 'LISTED', 20),
        )
        try:
            with contextlib.ExitStack() as stack:
                for patch in chance:
                    stack.enter_context(patch)
                read = stack.enter_context(fixtures.RowsRead())
                function(*args)
        finally:
            sa.event.remove(
                engine.get_engine(), 'before_cursor_execute', execute
            )
        return len(statements), read.count, len(compared)

    def choose(self, requested):
        request = Request(requirements.normalize(requested))
        with contextlib.suppress(exception.NoCapacity), db.reader() as tx:
            return ranking.choose(tx, request)
        return None

    def costs(self, pods, systems):
        """The cost of each question in an estate of this size."""
        with fixtures.Database(self.backend):
            estate.fill(pods, systems, 40)
            recount.fill()
            with engine.begin() as connection:
                connection.exec_driver_sql(self.analyze)
            self.assertIsNotNone(self.choose(_DEVICES))
            self.assertIsNone(self.choose(_REFUSED))
            # Otherwise some call looks at the clock of the database.
            with engine.connect() as connection:
                clock.measure(connection)
            preview, refused = (
                ('/v1/nodes/preview', {'properties': requested})
                for requested in (_DEVICES, _DEVICES_REFUSED)
            )
            return {
                'choose': self.cost(self.choose, _FITS),
                'choose with devices': self.cost(self.choose, _DEVICES),
                'pod manager': self.cost(
                    self.client.get, '/v1/pod_managers/pod-1'
                ),
                'refusal': self.cost(self.choose, _REFUSED),
                'refusal with devices': self.cost(
                    self.choose, _DEVICES_REFUSED
                ),
                'preview': self.cost(self.client.post, *preview),
                'preview of a refusal': self.cost(self.client.post, *refused),
                'capacity': self.cost(self.client.get, '/v1/capacity'),
            }

    def assert_same(self, few, many, names):
        for name in names:
            # Which of several equal systems is found first differs.
            self.assertLess(many[name][1], 1.15 * few[name][1], name)

    def test_systems(self):
        few, many = self.costs(2, 500), self.costs(2, 4000)
        self.assertEqual(self.statements(few), self.statements(many))
        self.assert_same(few, many, few)

    def test_pod_managers(self):
        # MariaDB scans a smaller table instead of using its index.
        few, many = self.costs(100, 60), self.costs(200, 60)
        self.assertEqual(self.statements(few), self.statements(many))
        self.assert_same(
            few, many, ('choose', 'choose with devices', 'pod manager')
        )
        for name, (_, _, compared) in many.items():
            self.assertEqual(few[name][2], compared, name)
        self.assertEqual(20, few['refusal'][2])

    @staticmethod
    def statements(costs):
        return {name: statements for name, (statements, *_) in costs.items()}


class TestEstateMySQL(TestEstate):
    backend = 'mysql'
    analyze = (
        'ANALYZE TABLE systems, devices, counts, capacities, pod_managers'
    )
