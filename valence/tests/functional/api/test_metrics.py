# SPDX-License-Identifier: Apache-2.0
"""The metrics, and what is shipped to look at them."""

import json
import logging.handlers
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time
import urllib.request

import fixtures as base_fixtures
import sqlalchemy as sa
import yaml
from oslo_config import cfg
from prometheus_client import parser

from valence import collectors
from valence.common import exception
from valence.common import logs
from valence.common import service
from valence.conductor import jobs
from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import processes
from valence.tests.fixtures import runbooks

_SHIPPED = pathlib.Path(__file__).parents[4] / 'etc/valence/monitoring'
# What the parser takes for names of metrics.
_NAME = re.compile(r'\bvalence_\w+')


def samples(text):
    """The samples of an exposition by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


class MetricsCase(base.ConductorTestCase):
    options = {
        **base.ConductorTestCase.options,
        'metrics__enabled': True,
        'fake__systems': 3,
    }

    def scrape(self):
        """What is shown now, and not in the last second."""
        self.clock.advance(2)
        answer = self.client.request('GET', '/metrics')
        self.assertEqual(200, answer.status, answer)
        return samples(answer.content.decode())

    def grown(self, before, name, **labels):
        """By how much a counter has grown since a scrape."""
        key = (name, *sorted(labels.items()))
        return self.scrape().get(key, 0) - before.get(key, 0)


class TestMetrics(MetricsCase):
    def test_gauges(self):
        self.pod()
        self.register('other')
        self.compose('n')
        self.begin('POST', '/v1/nodes/n/action', {'reset': {'Type': 'On'}})
        now = self.scrape()
        reset = ('action', 'reset'), ('state', 'pending')
        for key, value in (
            (('valence_pod_managers', ('status', 'offline')), 1),
            (('valence_pod_manager_up', ('pod_manager', 'pod')), 1),
            (('valence_operations_open', *reset), 1),
            (('valence_conductors_alive',), 1),
        ):
            self.assertEqual(value, now[key], key)
        name = 'valence_pod_manager_inventory_age_seconds'
        self.assertIn((name, ('pod_manager', 'pod')), now)
        self.assertNotIn((name, ('pod_manager', 'other')), now)
        self.assertLessEqual(
            0, now['valence_operation_oldest_seconds', *reset]
        )

    def test_counters(self):
        before = self.scrape()
        self.pod()
        self.compose('n')
        self.begin('POST', '/v1/nodes/n/action', {'reset': {'Type': 'On'}})
        requests = 'valence_api_request_seconds_count'
        ended = {'action': 'compose', 'state': 'succeeded'}
        accepted = {'method': 'POST', 'status': '202'}
        for name, labels in (
            ('valence_operation_seconds_count', ended),
            (
                'valence_pod_manager_status_changes_total',
                {'status': 'online'},
            ),
            ('valence_sync_requests_count', {}),
            (requests, {**accepted, 'route': '/v1/nodes'}),
            (requests, {**accepted, 'route': '/v1/nodes/{id}/action'}),
        ):
            self.assertEqual(1, self.grown(before, name, **labels), name)

    def test_labels_are_no_text_of_clients(self):
        before = self.scrape()
        for path in ('/v1/nowhere', '/v1/nodes/x', '/wp-login.php'):
            self.client.request('GET', path)
        self.client.request('BREW', '/v1/nodes')
        self.assertEqual(
            2,
            self.grown(
                before,
                'valence_api_request_seconds_count',
                method='GET',
                route='other',
                status='404',
            ),
        )
        added = {key[1:] for key in self.scrape().keys() - before.keys()}
        text = repr(added)
        for name in ('nowhere', 'wp-login', 'BREW'):
            self.assertNotIn(name, text)

    def test_cost(self):
        """A scrape reads no table that grows with hardware or with time."""
        self.pod()
        statements = []
        executed = engine.get_engine()

        @sa.event.listens_for(executed, 'after_cursor_execute')
        def note(connection, cursor, statement, *others):
            statements.append(statement)

        self.addCleanup(
            sa.event.remove, executed, 'after_cursor_execute', note
        )
        self.scrape()
        few = len(statements)
        tables = set(re.findall(r'FROM (\w+)', ' '.join(statements)))
        self.assertEqual(
            {
                *('operations', 'pod_managers', 'conductors'),
                *('pending_refreshes', 'alembic_version', 'conditions'),
                'pools',
            },
            tables,
        )
        for number in range(30):
            self.register(f'more{number}')
        self._end_operations(300)
        statements.clear()
        self.scrape()
        self.assertEqual(few, len(statements))

    @staticmethod
    def _end_operations(number):
        @db.transaction
        def create(tx):
            (row,) = tx.list(models.Operation, action='sync', limit=1)
            values = {
                **db.mapping(row),
                'state': 'succeeded',
                'lock_key': None,
                'claim': None,
            }
            for name in ('uuid', 'created_at', 'error', 'user_error'):
                del values[name]
            tx.create_many(models.Operation, [values] * number)

        create()

    def test_health(self):
        self.register('pod', password='secret')
        self.assertEqual(
            {'schema': 1, 'keys': 1, 'broker': 1}, self.health(self.scrape())
        )
        shutil.rmtree(cfg.CONF.credentials.key_repository)
        self.assertEqual(
            {'schema': 1, 'keys': 0, 'broker': 1}, self.health(self.scrape())
        )

    @staticmethod
    def health(seen):
        return {
            key[1][1]: value
            for key, value in seen.items()
            if key[0] == 'valence_healthy'
        }

    def test_time_to_probe(self):
        self.pod('probed')
        key = (
            'valence_pod_manager_probe_seconds_count',
            ('pod_manager', 'probed'),
        )
        self.assertLess(0, self.scrape()[key])

    def test_clock(self):
        """An hour ahead of the database."""
        self.pod()
        name = ('valence_clock_offset_seconds',)
        right = self.scrape()[name]
        self.patch(time, 'time', lambda before=time.time: before() + 3600)
        self.assertAlmostEqual(3600, self.scrape()[name] - right, delta=60)

    def test_messages_that_are_lost(self):
        handler = logging.StreamHandler(open('/dev/full', 'w'))
        logger = logging.getLogger()
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        self.patch(logging, 'raiseExceptions', False)
        before = self.scrape()
        logs.count_failures()
        handler.handle(logging.makeLogRecord({'msg': 'x'}))
        self.assertEqual(1, self.grown(before, 'valence_log_failures_total'))

    def test_reload_on_a_full_disk(self):
        handler = logging.FileHandler('/dev/full')
        self.patch(logging, 'raiseExceptions', False)
        logger = logging.getLogger()
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        handler.handle(logging.makeLogRecord({'msg': 'x'}))
        service.reload()
        self.assertIsNone(handler.stream)

    def test_log_is_moved_while_its_disk_is_full(self):
        directory = self.useFixture(base_fixtures.TempDir()).path
        path = pathlib.Path(directory, 'log')
        path.symlink_to('/dev/full')
        handler = logging.handlers.WatchedFileHandler(path)
        self.patch(logging, 'raiseExceptions', False)
        logger = logging.getLogger()
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        before = self.scrape()
        logs.count_failures()
        handler.handle(logging.makeLogRecord({'msg': 'lost'}))
        path.unlink()
        # It cannot finish the old file before it opens another.
        handler.handle(logging.makeLogRecord({'msg': 'lost'}))
        self.assertEqual(2, self.grown(before, 'valence_log_failures_total'))
        service.reload()
        handler.handle(logging.makeLogRecord({'msg': 'kept'}))
        self.assertIn('kept', path.read_text())

    def test_database_that_is_down(self):
        def fail():
            raise exception.DatabaseUnavailable(reason='it is down')

        self.patch(db, 'reader', fail)
        now = self.scrape()
        self.assertEqual(0, now['valence_database_up',])
        names = {key[0] for key in now}
        self.assertNotIn('valence_conductors_alive', names)
        # What could not be checked is not wrong.
        self.assertNotIn('valence_healthy', names)

    def test_database_that_hangs(self):
        hangs = threading.Event()
        self.addCleanup(hangs.set)
        self.patch(collectors, '_SECONDS', 0.05)
        self.patch(collectors.Database, '_read', lambda _: hangs.wait())
        self.client = fixtures.Client()
        self.assertEqual(0, self.scrape()['valence_database_up',])


class TestOff(base.ApiTestCase):
    def test_by_default(self):
        self.assertEqual(404, self.client.request('GET', '/metrics').status)


class TestOwnPort(base.ApiTestCase):
    options = {'metrics__enabled': True, 'metrics__api_port': 9}

    def test_not_on_that_of_the_api(self):
        self.assertEqual(404, self.client.request('GET', '/metrics').status)


class TestShipped(MetricsCase):
    def exposed(self):
        workers = jobs.Workers('worker', 1)
        self.addCleanup(workers.close, 0)
        self.pod()
        self.compose('n')
        self.begin('POST', '/v1/nodes/n/action', {'reset': {'Type': 'On'}})
        names = {key[0] for key in self.scrape()}
        names |= {
            f'{one}_total'
            for one in ('valence_events', 'valence_operation_claims')
        }
        return names

    def test_alerts_and_dashboard_use_metrics_that_exist(self):
        rules = yaml.safe_load((_SHIPPED / 'alerts.yaml').read_text())
        board = json.loads((_SHIPPED / 'dashboard.json').read_text())
        used = [
            rule['expr']
            for group in rules['groups']
            for rule in group['rules']
        ]
        used += [
            target['expr']
            for panel in board['panels']
            for target in panel['targets']
        ]
        names = set(_NAME.findall(' '.join(used)))
        self.assertLess(15, len(names))
        self.assertEqual(set(), names - self.exposed())

    def test_each_alert_is_explained(self):
        """Its section exists, and is about it."""
        rules = yaml.safe_load((_SHIPPED / 'alerts.yaml').read_text())
        for group in rules['groups']:
            for rule in group['rules']:
                alert, runbook = rule['alert'], rule['annotations']['runbook']
                self.assertIn(f'``{alert}``', runbooks.section(runbook))

    def test_promtool(self):
        tool = os.environ.get('VALENCE_TEST_PROMTOOL', 'promtool')
        if shutil.which(tool) is None:
            self.skipTest('promtool is not installed')
        for arguments in (
            ('check', 'rules', 'alerts.yaml'),
            ('test', 'rules', 'alerts_test.yaml'),
        ):
            done = subprocess.run(
                [tool, *arguments],
                cwd=_SHIPPED,
                capture_output=True,
                text=True,
            )
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)


class TestProcesses(base.TestCase):
    """Several processes, each with its port, or counting together."""

    def scrape(self, process):
        line = process.wait_for('Metrics are at ')
        url = re.search(r'http://\S+', line)[0]
        with urllib.request.urlopen(url, timeout=processes.PATIENCE) as found:
            return samples(found.read().decode())

    def test_ports(self):
        started = self.useFixture(
            fixtures.Service(
                metrics__enabled=True,
                metrics__api_port=0,
                metrics__conductor_port=0,
            )
        )
        started.manage('db', 'sync')
        started.manage('credential-keys', 'create')
        api, conductor = started.api(), started.conductor()
        self.assertEqual(1, self.scrape(api)['valence_database_up',])
        seen = self.scrape(conductor)
        self.assertIn(
            ('valence_workers_busy', ('workers', 'worker-compose')), seen
        )
        self.assertNotIn(('valence_database_up',), seen)

    def test_counting_together(self):
        """The counts of a process that has ended are there as well."""
        directory = self.useFixture(base_fixtures.TempDir()).path
        code = (
            'from valence.common import metrics as m\n'
            'import prometheus_client as p\n'
            'm.CLAIMS.labels("won").inc()\n'
            'print(p.generate_latest(m.exposed()).decode())\n'
        )
        for count in (1, 2):
            process = self.useFixture(
                processes.Process(
                    'python',
                    *('-c', code),
                    environment={'PROMETHEUS_MULTIPROC_DIR': directory},
                )
            )
            self.assertEqual(0, process.finish(), process.output())
            seen = samples(process.output())
            self.assertEqual(
                count,
                seen['valence_operation_claims_total', ('outcome', 'won')],
            )
