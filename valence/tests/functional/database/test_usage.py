# SPDX-License-Identifier: Apache-2.0
"""Spans of usage are what nodes are charged, on each database."""

import random

from valence.common import exception
from valence.db import allocations
from valence.db import api as db
from valence.db import usage
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures

_PAUSE = 100.0
_WANTED = {
    'processor': {'total_cores': 1},
    'storage': [{'count': 2}],
}


class TestUsage(base.ConductorTestCase):
    fixture = fixtures.Database
    options = {'fake__systems': 4, 'fake__devices': 6}

    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        self.random = random.Random(17)
        self.count = 0

    def nodes(self):
        return self.client.all('/v1/nodes')

    def get_a_node(self):
        self.count += 1
        self.compose(f'n{self.count}', properties=_WANTED)

    def fail_to_get_a_node(self):
        self.count += 1
        no = exception.RequestRejected(reason='no')
        self.fake.order('compose', no, count=None)
        self.compose(f'n{self.count}', 'failed')
        self.fake.heal()

    def change_a_node(self):
        active = [n for n in self.nodes() if n['provision_state'] == 'active']
        if not active:
            return
        node = self.random.choice(active)
        with db.reader() as tx:
            own = allocations.of_node(tx, node['uuid'])
            free = tx.list(models.Device, free=True, only=('uuid',)).all()
            held = tx.list(models.Device, uuid=list(own)).all()
        choices = [('attach', row.uuid) for row in free[:2]]
        choices += [('detach', row.uuid) for row in held]
        if choices:
            verb, uuid = self.random.choice(choices)
            body = {verb: {'resource_id': uuid}}
            begun = self.begin(
                'POST', f'/v1/nodes/{node["uuid"]}/action', body
            )
            self.assertSpansAreCharges()
            self.conductor.finish(begun)

    def release_a_node(self):
        nodes = list(self.nodes())
        if nodes:
            name = self.random.choice(nodes)['name']
            self.done('DELETE', f'/v1/nodes/{name}')

    def spans(self):
        with db.reader() as tx:
            return tx.list(models.UsageSpan, closed_at=None).all()

    def assertSpansAreCharges(self):
        spans = self.spans()
        with db.reader() as tx:
            nodes = tx.list(models.Node).all()
        self.assertLessEqual(
            {one.node_uuid for one in spans}, {node.uuid for node in nodes}
        )
        for node in nodes:
            own = [one for one in spans if one.node_uuid == node.uuid]
            self.assertEqual(
                (
                    node.charged_cores,
                    node.charged_memory_mib,
                    node.charged_devices,
                ),
                tuple(
                    sum(getattr(one, name) for one in own)
                    for name in ('cores', 'memory_mib', 'devices')
                ),
            )

    def assertSpansAreClaims(self):
        with db.reader() as tx:
            for node in tx.list(models.Node).all():
                self.assertEqual(
                    allocations.of_node(tx, node.uuid),
                    {
                        one.resource_uuid
                        for one in self.spans()
                        if one.node_uuid == node.uuid
                    },
                )

    def total(self, start, end, *groups):
        with db.reader() as tx:
            return usage.total(tx, start, end, groups, {}, 100)

    def test_sum_of_spans_is_charges_over_time(self):
        begun_at, sums = db.now(), []
        actions = [self.get_a_node, self.change_a_node, self.release_a_node]
        actions += [self.fail_to_get_a_node, self.change_a_node]
        for action in [self.get_a_node, *self.random.choices(actions, k=9)]:
            before = db.now()
            action()
            self.assertSpansAreCharges()
            self.assertSpansAreClaims()
            cores = sum(one.cores for one in self.spans())
            since = db.now()
            self.clock.advance(_PAUSE)
            until = db.now()
            (found,) = self.total(since, until)
            self.assertAlmostEqual(
                _PAUSE * cores, found['core_seconds'] or 0, delta=0.1
            )
            for pair in ((before, since), (since, until)):
                (one,) = self.total(*pair)
                sums.append(one['core_seconds'] or 0)
        (found,) = self.total(begun_at, db.now())
        self.assertAlmostEqual(sum(sums), found['core_seconds'], delta=0.5)

    def test_request_and_what_was_selected(self):
        uuid = self.begin(
            'POST', '/v1/nodes', {'name': 'n', 'properties': _WANTED}
        )
        self.assertSpansAreCharges()
        (span,) = self.spans()
        self.assertEqual('requested', span.kind)
        since = db.now()
        self.clock.advance(50)
        self.conductor.finish(uuid)
        self.assertSpansAreClaims()
        self.clock.advance(50)
        rows = self.total(since, db.now(), 'kind')
        kinds = {row['kind']: row['seconds'] for row in rows}
        self.assertAlmostEqual(50, kinds['requested'], delta=1)
        self.assertAlmostEqual(50, kinds['system'], delta=5)
        self.assertEqual({'requested', 'system', 'drive'}, {*kinds})


class TestUsageMySQL(TestUsage):
    backend = 'mysql'


class TestUsagePostgreSQL(TestUsage):
    backend = 'postgresql'
