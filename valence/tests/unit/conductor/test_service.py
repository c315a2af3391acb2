# SPDX-License-Identifier: Apache-2.0
"""A conductor with its threads; the tests wait for what it has done."""

import subprocess
import sys
import threading
import time

from oslo_config import cfg

from valence.common import exception
from valence.conductor import jobs
from valence.conductor import membership
from valence.conductor import queue
from valence.conductor import service
from valence.conductor.engine import engine
from valence.conductor.engine.run import LeaseExpired
from valence.podmanagers import fake
from valence.tests import base

_SECONDS = 300


class TestService(base.ApiTestCase):
    options = {
        'fake__systems': 2,
        'fake__compose_seconds': 0,
        'conductor__poll_interval': 0.05,
        'conductor__status_interval': 0.2,
        'conductor__heartbeat_interval': 0.2,
        'conductor__heartbeat_timeout': 30,
        'conductor__workers': 2,
    }

    def setUp(self):
        super().setUp()
        self.addCleanup(fake.forget)
        self.service = service.Conductor()

    def start(self):
        self.service.start()
        self.addCleanup(self.stop)

    def stop(self):
        if self.service is not None:
            self.service.stop()
        self.service = None

    def ready(self):
        """Start it, with a pod manager that is read."""
        self.start()
        self.client.post(
            '/v1/pod_managers',
            {'name': 'pod', 'url': 'http://pod.fake', 'driver': 'fake'},
        )
        self.client.wait(
            '/v1/pod_managers/pod',
            lambda podm: podm['status'] == 'online' and podm['synced_at'],
        )

    def compose(self, name='n'):
        self.client.post('/v1/nodes', {'name': name})
        return self.client.wait(
            f'/v1/nodes/{name}',
            lambda node: node['provision_state'] != 'composing',
        )

    def fail_once(self, module, name, error, after=False):
        """Have a function fail when it is called for the first time."""
        original = getattr(module, name)
        self.failed = threading.Event()

        def function(*args, **kwargs):
            if self.failed.is_set():
                return original(*args, **kwargs)
            if after:
                original(*args, **kwargs)
            self.failed.set()
            raise error

        self.patch(module, name, function)

    def test_its_life(self):
        self.ready()
        self.assertEqual(1, len(membership.alive()))
        node = self.compose()
        self.assertEqual('active', node['provision_state'])
        self.client.delete('/v1/nodes/n')
        self.client.wait_gone('/v1/nodes/n')
        self.stop()
        self.assertEqual([], membership.alive())

    def test_a_lease_that_would_run_out_between_heartbeats(self):
        self.conf.set(conductor__heartbeat_timeout=0.4)
        error = self.assertRaises(ValueError, self.service.start)
        self.assertIn('heartbeat_timeout', str(error))

    def test_a_claim_that_came_true_unnoticed(self):
        self.ready()
        down = exception.DatabaseUnavailable(reason='down')
        self.fail_once(queue, 'claim', down, after=True)
        self.assertEqual('active', self.compose()['provision_state'])
        self.assertTrue(self.failed.is_set())

    def test_interrupting_errors(self):
        self.ready()
        for number, error in enumerate(
            (
                LeaseExpired(),
                exception.DatabaseUnavailable(reason='down'),
                ZeroDivisionError(),
            )
        ):
            self.fail_once(engine, 'work', error)
            name = f'n{number}'
            node = self.compose(name)
            self.assertTrue(self.failed.is_set())
            self.assertEqual('active', node['provision_state'])
            self.client.delete(f'/v1/nodes/{name}')
            self.client.wait_gone(f'/v1/nodes/{name}')

    def test_pod_managers_that_hang_cost_others_nothing(self):
        self.patch(jobs, 'PATIENCE', 0.2)
        self.ready()
        for number in range(3):
            name = f'hung{number}'
            hung = fake.pod(f'http://{name}.fake')
            hung.order('discover', seconds=_SECONDS, count=None)
            self.client.post(
                '/v1/pod_managers',
                {'name': name, 'url': f'http://{name}.fake', 'driver': 'fake'},
            )
            self.client.wait(
                f'/v1/operations?action=sync&state=running&pod_manager={name}',
                lambda found: found['operations'],
            )
        self.assertEqual('active', self.compose()['provision_state'])
        self.client.post('/v1/pod_managers/pod/sync')
        self.client.wait(
            '/v1/operations?action=sync&state=succeeded&pod_manager=pod',
            lambda found: found['operations'],
        )
        self.client.delete('/v1/nodes/n')
        self.client.wait_gone('/v1/nodes/n')

    def test_no_failure_ends_its_threads(self):
        self.ready()
        for error in (
            exception.DatabaseUnavailable(reason='down'),
            ZeroDivisionError(),
        ):
            self.fail_once(queue, 'due', error)
            self.assertTrue(self.failed.wait(_SECONDS))
        self.assertEqual('active', self.compose()['provision_state'])

    def test_silent_conductor_is_detected(self):
        other = membership.Lease()
        other.renew()
        self.start()
        self.assertIn(other.uuid, membership.alive())
        cfg.CONF.set_override('heartbeat_timeout', 1, 'conductor')
        end = time.monotonic() + _SECONDS
        while other.uuid in membership.alive():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)


_WAITS = """
import signal, threading, time
from valence.common import service

def stop():
    # The thread that waits is not the one that receives it.
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(600)

signals = service.catch_signals()
threading.Timer(0.5, stop).start()
service.wait_for_signal(signals)
print('stopped', flush=True)
service.exit_now()
"""


class TestSignals(base.TestCase):
    def test_any_thread_may_receive_them(self):
        found = subprocess.run(
            [sys.executable, '-c', _WAITS],
            stdout=subprocess.PIPE,
            timeout=_SECONDS,
        )
        self.assertEqual(b'stopped\n', found.stdout)


class TestWorkers(base.TestCase):
    def setUp(self):
        super().setUp()
        self.workers = jobs.Workers('test', 2)
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)

    def submit(self):
        self.assertTrue(self.workers.acquire())
        self.workers.submit(self.go_on.wait, _SECONDS)

    def test_no_more_than_there_are_threads(self):
        self.assertTrue(self.workers.idle)
        self.submit()
        self.assertTrue(self.workers.idle)
        self.submit()
        self.assertFalse(self.workers.idle)
        self.assertFalse(self.workers.acquire())
        self.go_on.set()
        self.assertTrue(self.workers.close(_SECONDS))

    def test_a_place_that_was_not_needed(self):
        self.workers.acquire()
        self.workers.acquire()
        self.assertFalse(self.workers.idle)
        self.workers.release()
        self.assertTrue(self.workers.idle)

    def test_close_timeout(self):
        self.submit()
        self.assertFalse(self.workers.close(0))

    def test_waiting_jobs_block_no_others(self):
        """However many jobs hang, others begin after a moment."""
        now = [0.0]
        self.patch(jobs.time, 'monotonic', lambda: now[0])
        for _ in range(5):
            for _ in range(2):
                self.submit()
            self.assertFalse(self.workers.acquire())
            now[0] += jobs.PATIENCE
        done = threading.Event()
        self.assertTrue(self.workers.acquire())
        self.workers.submit(done.set)
        self.assertTrue(done.wait(_SECONDS))

    def test_not_even_waiting_is_without_a_limit(self):
        now = [0.0]
        self.patch(jobs.time, 'monotonic', lambda: now[0])
        for _ in range(2 * jobs.FACTOR):
            self.submit()
            now[0] += jobs.PATIENCE
        self.assertFalse(self.workers.acquire())

    def test_claimed_operation_runs_after_close(self):
        self.assertTrue(self.workers.acquire())
        closing = threading.Thread(target=self.workers.close, args=(_SECONDS,))
        closing.start()
        while self.workers.idle:
            time.sleep(0.01)
        self.assertFalse(self.workers.acquire())
        done = threading.Event()
        self.workers.submit(done.set)
        self.assertTrue(done.wait(_SECONDS))
        closing.join(_SECONDS)
        self.assertFalse(closing.is_alive())

    def test_submit_after_close_is_ignored(self):
        self.workers.acquire()
        self.assertFalse(self.workers.close(0))
        self.workers.submit(self.fail, 'it runs')
        pool, done = jobs.Pool('test', 1), []
        self.assertTrue(pool.submit(self.go_on.set))
        pool.close()
        self.assertFalse(pool.submit(lambda: done.append(1)))
        keyed = jobs.KeyedJobs()
        self.assertFalse(keyed.submit(pool, 'a', done.append, 1))
        self.assertFalse(keyed.is_running('a'))
        self.assertEqual([], done)

    def test_a_failure_leaves_the_place_free(self):
        def fail():
            raise ZeroDivisionError

        for _ in range(4):
            self.assertTrue(self.workers.acquire())
            self.workers.submit(fail)
            end = time.monotonic() + _SECONDS
            while not self.workers.idle:
                self.assertLess(time.monotonic(), end)
        self.assertTrue(self.workers.close(_SECONDS))


class _Later:
    """A pool whose jobs are run when the test says so."""

    def __init__(self):
        self.jobs = []

    def submit(self, job):
        self.jobs.append(job)
        return True


class TestKeyedJobs(base.TestCase):
    def test_one_at_a_time_of_each_key(self):
        keyed, pool, done = jobs.KeyedJobs(), _Later(), []
        self.assertTrue(keyed.submit(pool, 'a', done.append, 1))
        self.assertFalse(keyed.submit(pool, 'a', done.append, 2))
        self.assertTrue(keyed.submit(pool, 'b', done.append, 3))
        self.assertTrue(keyed.is_running('a'))
        self.assertFalse(keyed.is_running('c'))
        for job in pool.jobs:
            job()
        self.assertEqual([1, 3], done)
        self.assertFalse(keyed.is_running('a'))
        self.assertTrue(keyed.submit(pool, 'a', done.append, 4))

    def test_a_failure_frees_the_key(self):
        keyed, pool = jobs.KeyedJobs(), _Later()

        def fail():
            raise ZeroDivisionError

        keyed.submit(pool, 'a', fail)
        self.assertRaises(ZeroDivisionError, pool.jobs[0])
        self.assertFalse(keyed.is_running('a'))
