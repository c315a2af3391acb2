# SPDX-License-Identifier: Apache-2.0
"""What a sync does with findings."""

import dataclasses
import datetime

import sqlalchemy as sa

from valence.db import api as db
from valence.db import purge
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.podmanagers.fake.pod import Node
from valence.tests.unit.conductor.test_findings import FindingCase

_LOST = '00000000-0000-4000-8000-00000000000a'


class TestSyncs(FindingCase):
    """What a sync opens, it resolves when it has read everything."""

    def incomplete(self):
        self.fake.unread = {'/systems/2'}
        self.sync()
        self.fake.unread = set()

    def assertResolves(self, kind, heal):
        found = self.find(kind=kind)
        heal()
        self.incomplete()
        self.find(uuid=found['uuid'])
        self.sync()
        self.assertEqual(['resolved'], self.states())

    def made(self):
        node = self.compose('n', properties={'storage': [{'count': 1}]})
        return self.fake.nodes[node['resource_uri']], node

    def test_ghost_part(self):
        made, node = self.made()
        ghost = next(
            uri
            for uri in ('/devices/1', '/devices/2')
            if uri not in made.resources
        )
        made.resources.append(ghost)
        self.incomplete()
        self.assertEqual([], self.states())
        self.sync()
        self.assertResolves('ghost_part', lambda: made.resources.remove(ghost))

    def test_idle_part(self):
        made, node = self.made()
        part = made.resources.pop()
        self.sync()
        self.assertResolves('idle_part', lambda: made.resources.append(part))

    def test_lost_node(self):
        made, node = self.made()
        uri = node['resource_uri']
        del self.fake.nodes[uri]
        self.incomplete()
        self.assertEqual([], self.states())
        self.sync()
        self.assertResolves(
            'lost_node', lambda: self.fake.nodes.update({uri: made})
        )

    def test_changed_hardware(self):
        made, node = self.made()
        mark, made.mark = made.mark, None
        self.sync()
        self.assertResolves(
            'changed_hardware', lambda: setattr(made, 'mark', mark)
        )

    def test_hardware_of_an_open_operation_is_no_finding(self):
        made, node = self.made()
        del self.fake.nodes[node['resource_uri']]
        self.sync()
        db.update(models.Node, {'provision_state': 'updating'}, name='n')
        self.sync()
        self.find(kind='lost_node')

    def test_purge(self):
        for uri in ('/nodes/1', '/nodes/2', '/nodes/3'):
            self.stranger(uri=uri)
        self.act(self.find(resource_uri='/nodes/2'), forget={})
        del self.fake.nodes['/nodes/3']
        self.sync()
        self.clock.advance(40 * 24 * 3600)
        now = db.now()
        before = now - datetime.timedelta(days=41)
        self.assertEqual({0}, {*purge.everything(before).values()})
        before = now - datetime.timedelta(days=30)
        self.assertEqual(1, purge.everything(before)['findings'])
        self.assertEqual({'open', 'forgotten'}, {*self.states()})

    def statements(self):
        seen = []

        def note(connection, cursor, statement, *more):
            if 'findings' in statement:
                seen.append(statement.split()[0])

        sa.event.listen(engine.get_engine(), 'before_cursor_execute', note)
        self.sync()
        sa.event.remove(engine.get_engine(), 'before_cursor_execute', note)
        return len(seen)

    def test_the_cost(self):
        for count in (1, 3):
            for number in range(count):
                self.fake.nodes[f'/nodes/9{number}'] = Node(
                    'theirs', None, ['/systems/3'], 0
                )
            self.sync()
        few = self.statements()
        for number in range(200):
            self.fake.nodes[f'/nodes/1{number}'] = dataclasses.replace(
                self.fake.nodes['/nodes/90']
            )
        # Those that are new, which are also read for their events.
        self.assertLessEqual(self.statements(), few + 2)
        self.assertEqual(few, self.statements())
