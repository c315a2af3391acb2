# SPDX-License-Identifier: Apache-2.0
"""Much more at once than anybody can do at once: nothing is lost."""

import itertools

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.fixtures import processes
from valence.tests.functional.crash import cluster

EVENTS, SYSTEMS = 6000, 40
_SYSTEMS = '/redfish/v1/Systems'


@cluster.long
class EventStormTest(cluster.ClusterTestCase):
    """A pod tells of everything, again and again, while something changes."""

    arguments: tuple = ('--no-sse', '--event-retry-seconds', '0.2')

    def setUp(self):
        port = processes.free_port()
        self.settings = {
            'api__port': port,
            'api__public_endpoint': f'http://127.0.0.1:{port}/',
        }
        super().setUp()
        self.pod('pod', 'rsd', SYSTEMS, *self.arguments)
        self.conductor()
        self.ready()
        self.eventually(self.heard, 'somebody listens')

    def heard(self):
        """Whether the pod has a subscriber."""
        state = self.pods['pod'].state()
        return state['subscriptions'] or state['streams']

    def uris(self):
        """The URIs of all systems."""
        return [
            system['uri'] for system in self.pods['pod'].state()['systems']
        ]

    def storm(self):
        """Have the pod tell of everything, so often at once."""
        events = [{'OriginOfCondition': uri} for uri in self.uris()]
        self.pods['pod'].control(
            'POST',
            'events',
            {'events': events, 'repeat': EVENTS // SYSTEMS // 2},
        )

    def rows(self):
        """The power states in the database, by URI."""
        with db.reader() as tx:
            rows = tx.list(models.System).all()
        return {row.resource_uri: row.power_state for row in rows}

    def test_a_storm(self):
        pod, uris = self.pods['pod'], self.uris()
        self.assertEqual(SYSTEMS, len(uris))
        wanted = {
            uri: state
            for uri, state in zip(uris, itertools.cycle(('On', 'Off')))
        }
        # What changes is named in the middle of the storm, once.
        self.storm()
        for uri, state in wanted.items():
            pod.change(uri, PowerState=state)
        self.storm()
        right = {uri: state.lower() for uri, state in wanted.items()}
        for good, why in (
            (self.is_delivered, 'all is delivered'),
            (self.is_all_read, 'all is read'),
            (lambda: self.rows() == right, 'the rows are right'),
        ):
            self.eventually(good, why, 6 * processes.PATIENCE)
        self.assertNothingLost()
        self.assertAgreement()

    @staticmethod
    def is_all_read():
        """Whether all that was named is read."""
        with db.reader() as tx:
            return not tx.count(models.PendingRefresh)

    def is_delivered(self):
        """Whether all deliveries have come."""
        (subscription,) = self.heard()
        return subscription['delivered'] >= EVENTS

    def assertNothingLost(self):
        (subscription,) = self.heard()
        self.assertFalse(subscription['disabled'])
        self.assertEqual(
            self.pods['pod'].state()['events'], subscription['delivered']
        )


class StreamStormTest(EventStormTest):
    """The same on a stream of events."""

    arguments = ('--no-push',)

    def is_delivered(self):
        return True

    def assertNothingLost(self):
        self.assertTrue(self.heard())


@cluster.long
class ComposeStormTest(cluster.ClusterTestCase):
    """A crowd asks first, and others do not wait for the crowd."""

    backend = 'mysql'
    #: How many composes of each project on each pod manager, in this order.
    asked = (
        ('crowd', 'large', 250),
        ('few', 'large', 50),
        ('crowd', 'small', 150),
        ('few', 'tiny', 150),
    )
    settings = {
        'conductor__workers': 32,
        'conductor__heartbeat_timeout': 10,
        'redfish__request_timeout': 60,
    }

    def test_all_end_and_take_turns(self):
        for name, systems in (('large', 300), ('small', 150), ('tiny', 150)):
            self.pod(name, 'rsd', systems)
        first = self.conductor()
        self.ready()
        first.end()
        for project, pod, count in self.asked:
            names = [f'{project}-{pod}-{n}' for n in range(count)]
            operations = cluster.at_once(
                lambda name, pod=pod: self.compose(name, pod_manager=pod),
                names,
            )
            # Without Keystone there are no projects.
            db.update(
                models.Operation, {'project_id': project}, uuid=operations
            )
        self.conductor()
        self.conductor()
        self.settled(1200)
        self.assertAgreement()
        rows = [row for row in self._operations() if row.action == 'compose']
        self.assertEqual(600, len(rows))
        self.assertEqual({'succeeded'}, {row.state for row in rows})
        self._assert_turns(rows)

    def _assert_turns(self, rows):
        """Nobody waited for those who asked before for more."""
        with db.reader() as tx:
            names = {
                row.uuid: row.name for row in tx.list(models.PodManager).all()
            }
        ends = {}
        for row in sorted(rows, key=lambda row: row.finished_at):
            key = row.project_id, names[row.podm_uuid]
            ends.setdefault(key, []).append(row.finished_at)
        crowd = ends['crowd', 'large']
        for other in (('few', 'large'), ('crowd', 'small'), ('few', 'tiny')):
            self.assertLess(ends[other][-1], crowd[-1], other)
        # On one pod manager the projects take turns.
        before = [end for end in crowd if end < ends['few', 'large'][-1]]
        self.assertLess(len(before), len(crowd) // 2)
