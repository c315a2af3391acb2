# SPDX-License-Identifier: Apache-2.0
"""A conductor whose clock is wrong does no harm."""

import pathlib

import fixtures as base_fixtures

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.fixtures import processes
from valence.tests.functional.crash import cluster

# The clock of its host is an hour ahead, or behind.
_SHIFTED = """
import datetime
import sys
import time

hours = int(sys.argv.pop(1))
shift = datetime.timedelta(hours=hours)
_time = time.time
time.time = lambda: _time() + shift.total_seconds()


class _Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + shift

    @classmethod
    def utcnow(cls):
        return super().utcnow() + shift


datetime.datetime = _Datetime

from valence.cmd import conductor
from oslo_utils import timeutils

ahead = timeutils.utcnow(True).timestamp() - _time()
print('ahead by', round(ahead / 3600), flush=True)
conductor.main()
"""
_NODES = 8


class ClockTest(cluster.ClusterTestCase):
    settings = {
        # Wrong by an hour, and everything would have taken too long.
        'conductor__compose_timeout': 600,
        'conductor__workers': 2,
    }

    def shifted(self, hours):
        """Start a conductor whose clock is wrong."""
        directory = self.useFixture(base_fixtures.TempDir()).path
        script = pathlib.Path(directory) / 'shifted.py'
        script.write_text(_SHIFTED)
        process = self.service.useFixture(
            processes.Process(
                'python',
                script,
                hours,
                '--config-file',
                self.service.config,
                ready=f'ahead by {hours}',
            )
        )
        self.processes.append(process)

    def conductors(self):
        with db.reader() as tx:
            return tx.list(models.Conductor).all()

    def compose_all(self):
        self.pod('pod', 'rsd', _NODES)
        self.ready()
        for operation in cluster.at_once(
            self.compose, [f'node-{n}' for n in range(_NODES)]
        ):
            self.ended(operation)
        for number in range(_NODES // 2):
            self.ended(self.release(f'node-{number}'))
        self.assertAgreement()

    def assertTimesAgree(self):
        """No time is an hour away from another one."""
        with db.reader() as tx:
            times = [
                value
                for model in (
                    models.PodManager,
                    models.Conductor,
                    models.Node,
                    models.System,
                    models.Operation,
                    models.OperationStep,
                )
                for row in tx.list(model)
                for name, value in row._mapping.items()
                if name.endswith('_at') and value is not None
            ]
        spread = max(times) - min(times)
        self.assertLess(spread.total_seconds(), 1800)

    def test_one_is_ahead(self):
        self.conductor()
        self.shifted(1)
        self.eventually(lambda: len(self.conductors()) == 2, 'both are there')
        self.compose_all()
        self.assertTimesAgree()

    def test_one_is_behind(self):
        self.shifted(-1)
        self.conductor()
        self.eventually(lambda: len(self.conductors()) == 2, 'both are there')
        self.compose_all()
        self.assertTimesAgree()
