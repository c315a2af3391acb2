# SPDX-License-Identifier: Apache-2.0
"""A day of odds: anything is requested, and anything goes wrong.

``VALENCE_TEST_SEED`` repeats the requests and the faults of a run; when they
meet depends on the time that everything takes. The output of a run that fails
contains its seed.
"""

import collections
import os
import pprint
import random
import time

from testtools import content

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.fixtures import processes
from valence.tests.functional.crash import cluster
from valence.tests.functional.crash import odds

REQUESTS, SYSTEMS, CONDUCTORS = (2000, 10, 2) if cluster.FULL else (40, 3, 1)
#: Each fault in the work of a request; any fault in its transport.
PROBABILITY = 0.05
_PODS = {
    'rsd': ('rsd', '--task-on', 'release', 'change', 'reset', 'patch'),
    'dmtf': (
        'redfish',
        *('--task-on', 'compose', 'release', 'change', 'reset', 'patch'),
    ),
    'eem': ('eem',),
}
#: How many seconds events may take to be processed.
_SETTLING = 30
#: How many operations are open at once.
_OPEN = 24 if cluster.FULL else 6


def _seed():
    """Another one in each long run; the same in the short one."""
    if 'VALENCE_TEST_SEED' in os.environ:
        return int(os.environ['VALENCE_TEST_SEED'])
    return random.SystemRandom().getrandbits(32) if cluster.FULL else 14


class OddsTest(cluster.ClusterTestCase):
    settings = {
        'conductor__workers': 32,
        'conductor__heartbeat_interval': 1,
        'conductor__heartbeat_timeout': 10,
        'conductor__sync_interval': 60,
        'conductor__status_interval': 5,
        'conductor__status_timeout': 5,
        'conductor__compose_timeout': 20,
        'conductor__long_timeout': 30,
        'conductor__attempts': 4,
        'conductor__retry_interval': 0.2,
        'redfish__request_timeout': 5 if cluster.FULL else 2,
        'redfish__release_timeout': 5,
        'redfish__settle_timeout': 4,
    }

    def setUp(self):
        super().setUp()
        self.seed = _seed()
        text = f'VALENCE_TEST_SEED={self.seed}'
        print(text, flush=True)
        self.addDetail('seed', content.text_content(text))
        self.users = odds.Users(
            self.client, self.seed, _PODS, SYSTEMS * len(_PODS)
        )
        self.accepted = collections.Counter()
        self.strangers = {}

    def test_a_day(self):
        self._start()
        while self.accepted.total() < REQUESTS:
            self._ask()
        struck = self._heal()
        self.settled(3 * processes.PATIENCE)
        self._look()
        self.assertAllRight()
        self._end()
        print(dict(self.accepted), dict(struck), flush=True)
        if cluster.FULL:
            self.assertEqual([], [n for n in struck if not struck[n]])

    def _start(self):
        for number, (name, options) in enumerate(_PODS.items()):
            seed = ('--seed', f'{self.seed}-{number}')
            simulator = self.pod(
                name, options[0], SYSTEMS, *seed, *options[1:]
            )
            self.strangers[name] = simulator.control('POST', 'compose', {})[
                'uri'
            ]
        self.conductors = [self.conductor() for _ in range(CONDUCTORS)]
        self.ready()
        for name, simulator in self.pods.items():
            faults = odds.faults(PROBABILITY, self.strangers[name])
            simulator.control('POST', 'faults', faults)

    # What is requested

    def _ask(self):
        while len(self.open()) >= _OPEN:
            time.sleep(0.05)
        what, answer = self.users.ask()
        if answer is None:
            return
        self.assertLess(answer.status, 500, answer)
        # To cancel is no operation of its own.
        if answer.status == 202 and what != 'cancel':
            self.accepted[what] += 1
            if self.accepted.total() % 100 == 0:
                self._expel()

    # The end

    def _expel(self):
        """Free what joined our nodes without being asked to."""
        simulator = self.pods['eem']
        query = 'compositions?alive=true&stranger=true'
        for one in simulator.control('GET', query):
            if one['uri'] not in self._known_strangers():
                body = {'part': one['uri']}
                simulator.control('POST', 'move', body)

    def _known_strangers(self):
        """The parts of the composition that was there from the start."""
        state = self.pods['eem'].state()
        return {
            part
            for node in state['nodes']
            if node['uri'] == self.strangers['eem']
            for part in node['parts']
        }

    def _heal(self):
        """Have nothing fail any more; how often each fault has struck."""
        struck = collections.Counter()
        for simulator in self.pods.values():
            for fault in simulator.control('GET', 'faults'):
                struck[fault['fault']] += fault['struck']
            simulator.heal()
            # A task that never ends, and that nobody can cancel because its
            # answer was lost, holds its parts until the service restarts.
            simulator.control('POST', 'restart', {})
        self._expel()
        return struck

    def _look(self):
        """Have all inventories read again, completely."""
        for name in self.pods:
            self.eventually(lambda name=name: self._is_read(name), name)
        self.settled()

    def _is_read(self, name):
        """Read an inventory; whether all of it was understood."""
        found = self.service.sync(name)
        body = self.client.get(f'/v1/pod_managers/{name}')
        return (
            body['status'] == 'online'
            and found['state'] == 'succeeded'
            and body['sync_error'] is None
        )

    def assertAllRight(self):
        """Every row is right, and nothing of anybody else was changed."""
        for name in self.pods:
            deadline = time.monotonic() + _SETTLING
            while problems := self._books(name).problems():
                if time.monotonic() > deadline:
                    self.fail(f'{name}: {problems}')
                time.sleep(0.5)
        with db.reader() as tx:
            operations = tx.list(models.Operation).all()
        for row in operations:
            self.assertNotIn(row.state, cluster.OPEN)
            self.assertEqual(
                (None, None, None), (row.claim, row.conductor, row.lock_key)
            )
            self.assertEqual(row.state == 'failed', row.error is not None)
        for name, simulator in self.pods.items():
            query = 'requests?changing=true&stranger=true'
            self.assertEqual([], simulator.control('GET', query), name)
        for process in self.conductors:
            self.assertIsNotNone(process.state)

    def _describe(self):
        """Show with a failure what the pods made, and the requests for it."""
        for name, simulator in self.pods.items():
            for what in ('compositions', 'requests?changing=true'):
                found = simulator.control('GET', what)
                text = pprint.pformat(found[-2000:], width=200)
                self.addDetail(f'{name} {what}', content.text_content(text))

    def _books(self, name):
        """The rows of a pod manager, and the compositions of our nodes."""
        return odds.Books(
            name,
            {
                node['uri']: set(node['parts'])
                for node in self.pods[name].nodes()
                if node['uri'] != self.strangers[name]
            },
        )

    def _end(self):
        """Everything can be released, and all hardware can be used again.

        So no lock, no claim and no worker is lost.
        """
        released = [
            self.release(node['uuid'])
            for node in self.client.all('/v1/nodes?limit=1000')
        ]
        self.settled(3 * processes.PATIENCE)
        ends = [self.client.get(f'/v1/operations/{one}') for one in released]
        self._describe()
        self.assertEqual([], [one for one in ends if one['error']])
        self.assertEqual([], self.client.all('/v1/nodes'))
        self._look()
        for name in self.pods:
            books = self._books(name)
            self.assertEqual([], books.problems())
            self.assertEqual({}, books.shown, name)
        with db.reader() as tx:
            self.assertEqual(0, tx.count(models.Allocation))
        again = [
            self.compose(f'{name}-{number}', pod_manager=name)
            for name in self.pods
            for number in range(SYSTEMS - 1)
        ]
        for operation in again:
            self.ended(operation)
        # What has changed is read meanwhile.
        self.settled()
        self.assertAllRight()
