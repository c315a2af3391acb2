# SPDX-License-Identifier: Apache-2.0
"""What a request costs the database, as the server sees it."""

from valence.tests.functional.database import server
from valence.tests.functional.database.server import POD


class MariaDBTest(server.OwnServerTestCase):
    backend = 'mysql'

    def begin(self):
        """Log all statements from now on."""
        self.with_global(
            [
                "SET GLOBAL log_output = 'TABLE'",
                'TRUNCATE TABLE mysql.general_log',
                'SET GLOBAL general_log = 1',
            ],
            ['SET GLOBAL general_log = 0'],
        )

    def statements(self):
        """Return the first words of the statements since."""
        rows = self.server.execute(
            'SELECT command_type, CONVERT(argument USING utf8mb4) '
            'FROM mysql.general_log '
            "WHERE user_host LIKE 'valence%%' ORDER BY event_time"
        )
        return [
            ' '.join(text.split()[:4]) if kind == 'Query' else kind
            for kind, text in rows
        ]

    def test_a_get_costs_its_selects(self):
        self.client.post('/v1/pod_managers', POD)
        self.begin()
        for _ in range(50):
            self.client.get('/v1/pod_managers/pod')
        statements = self.statements()
        kinds = {statement.split()[0] for statement in statements}
        # A transaction that only reads ends without a COMMIT.
        self.assertEqual({'SELECT', 'ROLLBACK'}, kinds)
        self.assertEqual(0, len(statements) % 50)

    def test_a_connection_is_set_up_once(self):
        self.client.get('/v1/pod_managers')
        self.begin()
        self.server.kill_connections()
        for _ in range(5):
            self.client.get('/v1/pod_managers')
        sets = [s for s in self.statements() if s.startswith('SET SESSION')]
        self.assertEqual(len(set(sets)), len(sets), sets)
