# SPDX-License-Identifier: Apache-2.0
"""The heartbeat does not wait for another connection."""

import contextlib

from valence.conductor import membership
from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.tests import base


class HeartbeatTest(base.DatabaseTestCase):
    backend = 'mysql'
    # One connection for all, and a short timeout.
    options = {
        'database__max_pool_size': 1,
        'database__max_overflow': 0,
        'database__pool_timeout': 1,
    }

    def test_all_connections_are_in_use(self):
        lease = membership.Lease()
        with engine.begin():
            lease.renew()
            lease.renew()
            self.assertFalse(membership.reap_stale())
        self.assertEqual([lease.uuid], membership.alive())

    def test_too_many_want_one(self):
        with engine.begin(), contextlib.ExitStack() as stack:
            self.assertRaises(
                db.FAILURES, stack.enter_context, engine.connect()
            )


class PostgreSQLTest(HeartbeatTest):
    backend = 'postgresql'
