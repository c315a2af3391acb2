# SPDX-License-Identifier: Apache-2.0
"""Several processes of Valence on one database, and what must hold of them."""

import collections
import threading
import time
from concurrent import futures

from oslo_config import cfg
from testtools import content

from valence.conductor import actions
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import database
from valence.tests.fixtures import processes

HEARTBEAT_TIMEOUT = 1.5
SETTINGS = {
    'conductor__heartbeat_interval': 0.3,
    'conductor__heartbeat_timeout': HEARTBEAT_TIMEOUT,
    'conductor__poll_interval': 0.2,
    'conductor__podm_parallel': 8,
    # What is stored has to be right without another look at everything.
    'conductor__sync_interval': 3600,
    'conductor__status_interval': 5,
    'conductor__status_timeout': 5,
    'redfish__request_timeout': 10,
    'redfish__release_timeout': 20,
}
FULL, long = base.FULL, base.long
ACTIONS = ('compose', 'attach', 'release')
# The unit tests have a conductor die at all fault points. A real process is
# killed at each of them by make test-crash, otherwise only where the hardware
# was changed and nothing is recorded.
FORWARD = ('begun', 'done', 'recorded') if FULL else ('done',)
BACKWARD = ('undoing', 'undone') if FULL else ('undone',)
OPEN = ('pending', 'running')


def steps(action):
    """The names of an action's steps."""
    return [step.name for step in actions.BY_NAME[action].steps]


def forward(action):
    """The fault points of an action, in the order in which it gets there."""
    return [
        f'{action}:{step}:{place}'
        for step in steps(action)
        for place in FORWARD
    ]


def backward(action):
    """The fault points of undoing an action that was done to its end.

    What cannot be undone then has none.
    """
    if not actions.BY_NAME[action].reversible:
        return []
    return [
        f'{action}:{step}:{place}'
        for step in reversed(steps(action))
        for place in BACKWARD
    ]


class ClusterTestCase(base.DatabaseTestCase):
    """One API process, conductors, simulated pod managers, one database.

    The database is MariaDB where it answers, else a SQLite file.
    """

    backend = 'sqlite' if database.missing('mysql') else 'mysql'
    settings: dict = {}

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.Keys())
        self.service = self.useFixture(
            fixtures.Service(
                **{
                    'database__connection': self.database.connection,
                    'credentials__key_repository': (
                        cfg.CONF.credentials.key_repository
                    ),
                    **SETTINGS,
                    **self.settings,
                }
            )
        )
        self.processes = []
        self.addCleanup(self._tell)
        self.pods = {}
        self.prepare_database()
        self.start_api()

    def prepare_database(self):
        """Fill the database; it has all tables."""

    def start_api(self, **environment):
        """Start an API process, which ``client`` speaks to from now on."""
        self.api = self.service.api(**environment)
        self.processes.append(self.api)
        self.client = self.service.client

    def _tell(self):
        """Attach the output of the processes to a test that fails."""
        for number, process in enumerate(self.processes):
            self.addDetail(
                f'process {number} {process.environment}',
                content.text_content(process.output()[-100000:]),
            )

    def conductor(self, crash_at='', signal='KILL', **environment):
        """Start a conductor, with additional variables.

        :param crash_at: fault points at which it gets a signal.
        """
        process = self.service.conductor(
            VALENCE_CRASH_AT=crash_at,
            VALENCE_CRASH_SIGNAL=signal,
            **environment,
        )
        self.processes.append(process)
        return process

    def pod(self, name, personality='rsd', systems=2, *arguments):
        """Start a simulated pod manager and register it."""
        simulator = self.useFixture(
            fixtures.Simulator(
                *('--personality', personality, *arguments), systems=systems
            )
        )
        self.pods[name] = simulator
        self.service.register(name, simulator)
        return simulator

    def ready(self):
        """Wait until the inventory of all pod managers is in."""
        for name in self.pods:
            self.service.wait_ready(name)
        self.settled()

    eventually = staticmethod(processes.eventually)

    # Requests

    def compose(self, name, **body):
        """Ask for a node; returns the UUID of the operation."""
        body = {'name': name, **body}
        return self.client.post('/v1/nodes', body)['operation_uuid']

    def attach(self, name, device):
        """Ask for a device to be joined; returns the UUID of the operation."""
        return self.client.post(
            f'/v1/nodes/{name}/action', {'attach': {'resource_id': device}}
        )['operation_uuid']

    def release(self, name):
        """Ask for a node to be released; returns the operation's UUID."""
        return self.client.delete(f'/v1/nodes/{name}')['operation_uuid']

    def state_of(self, operation):
        """The state that an operation is in."""
        return self.client.get(f'/v1/operations/{operation}')['state']

    def ended(self, operation, state='succeeded', seconds=processes.PATIENCE):
        """Wait for the end of an operation, and see which it is."""
        found = self.client.finished(operation, seconds)
        self.assertEqual(state, found['state'], found)
        return found

    def free_devices(self, pod):
        """The UUIDs of devices that can be joined to any node of a pod."""
        with db.reader() as tx:
            podm = tx.list(models.PodManager, name=pod).one()
            rows = tx.list(
                models.Device,
                models.Device.node_uuid.is_(None),
                podm_uuid=podm.uuid,
                state='free',
            ).all()
        return [row.uuid for row in rows if 'shared' in row.resource_uri]

    def settled(self, seconds=processes.PATIENCE):
        """Wait until no operation is open."""
        deadline = time.monotonic() + seconds
        while found := self.open():
            if time.monotonic() > deadline:
                self.fail(f'still open after {seconds} s: {found}')
            time.sleep(0.05)

    # What has to be true

    def open(self):
        """The operations that have not come to their end."""
        with db.reader() as tx:
            return tx.list(
                models.Operation, state=OPEN, only=('uuid', 'action', 'state')
            ).all()

    def assertAgreement(self):
        """The database and the pod managers agree.

        No operation is open; every node that exists is one of ours and is
        what its row says; nothing is claimed or taken by anybody else.
        """
        self.settled()
        for name, simulator in self.pods.items():
            deadline = time.monotonic() + processes.PATIENCE
            while problems := self._disagreements(name, simulator.state()):
                # Events may not have been processed yet.
                if time.monotonic() > deadline:
                    self.fail(f'{name}: {problems}')
                time.sleep(0.2)
        with db.reader() as tx:
            unfinished = tx.list(
                models.OperationStep, state='running', only=('operation_uuid',)
            ).all()
            held = tx.list(
                models.Operation, models.Operation.claim.is_not(None)
            ).all()
        failed = {
            row.uuid for row in self._operations() if row.state == 'failed'
        }
        self.assertEqual(
            [], [row for row in unfinished if row[0] not in failed]
        )
        self.assertEqual([], held)

    def _operations(self):
        with db.reader() as tx:
            return tx.list(models.Operation).all()

    def _disagreements(self, name, state):
        """Where the rows of a pod manager differ from what is on it."""
        with db.reader() as tx:
            podm = tx.list(models.PodManager, name=name).one()
            nodes = tx.list(models.Node, podm_uuid=podm.uuid).all()
            hardware = [
                row
                for model in (models.System, models.Device)
                for row in tx.list(model, podm_uuid=podm.uuid)
            ]
        uris = {row.uuid: row.resource_uri for row in nodes}
        real = {
            node['uri']: set(node['parts'])
            for node in state['nodes']
            if not node.get('expandable')
        }
        return [
            *_wrong_nodes(nodes, real),
            *_wrong_hardware(hardware, real, uris),
        ]


def _wrong_nodes(nodes, real):
    """Return how nodes in the database differ from the real ones."""
    uris = [row.resource_uri for row in nodes]
    problems = [
        f'{uri} exists {count} times in the database'
        for uri, count in collections.Counter(uris).items()
        if uri and count > 1
    ]
    for row in nodes:
        there = row.resource_uri in real
        if there != (row.provision_state == 'active'):
            problems.append(
                f'{row.name} is {row.provision_state} '
                f'({row.last_error}), and '
                + ('there' if there else 'not there')
            )
    problems += [f'{uri} is an orphan' for uri in real.keys() - set(uris)]
    return problems


def _wrong_hardware(hardware, real, uris):
    """Return how hardware in the database differs from the real one.

    :param uris: the URIs of the nodes, by UUID.
    """
    problems = []
    for row in hardware:
        owner = next(
            (uri for uri in real if row.resource_uri in real[uri]), None
        )
        if owner != uris.get(row.node_uuid):
            problems.append(
                f'{row.resource_uri} belongs to {owner}, and is claimed '
                f'by {row.node_uuid}'
            )
        expected = 'free' if owner is None else 'used'
        if row.state != expected:
            problems.append(
                f'{row.resource_uri} is {expected}, and {row.state} in the '
                'database'
            )
    return problems


def at_once(function, arguments, threads=16):
    """Call a function for each argument, many at a time.

    They wait for one another, so that the first do not come too early.
    """
    arguments = list(arguments)
    barrier = threading.Barrier(min(threads, len(arguments)))

    def call(number, argument):
        if number < barrier.parties:
            barrier.wait(processes.PATIENCE)
        return function(argument)

    with futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, range(len(arguments)), arguments))
