# SPDX-License-Identifier: Apache-2.0
"""Quotas: the limits of Keystone on the hardware of projects."""

import concurrent.futures
import uuid

from keystoneauth1 import exceptions as ksa_exceptions
from oslo_config import cfg
from oslo_limit import fixture as limit_fixture

from valence import quota
from valence.common import exception
from valence.conductor import actions
from valence.conductor import membership
from valence.conductor.actions import adopt
from valence.conductor.engine.run import Run
from valence.conductor.inventory import diff
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import loader
from valence.tests.fixtures import personas
from valence.tests.functional.api.rbac_scene import RBACCase
from valence.tests.functional.api.rbac_table import MANAGE

_WANTED = {
    'processor': {'total_cores': 4},
    'memory': {'capacity_mib': 2048},
    'storage': [{'capacity_gib': 10, 'count': 2}],
    'pci_devices': [{'type': 'gpu'}],
}


class QuotaCase(RBACCase):
    options = {**RBACCase.options, 'quota__enforce': True}
    limits: dict = {}

    def setUp(self):
        super().setUp()
        # One node of the project's is enough to count.
        db.transaction(lambda tx: tx.delete(models.Node, name='own-managed'))()
        db.update(models.Hold, {'project_id': None}, name='own-hold')
        self.limit()
        self.addCleanup(quota._enforcer.cache_clear)

    def limit(self, *, registered=None, project=None):
        """Let Keystone return these limits."""
        quota._enforcer.cache_clear()
        self.keystone = self.useFixture(
            limit_fixture.LimitFixture(
                self.limits if registered is None else registered,
                {personas.OWN: project or {}},
            )
        )

    def post(self, path='nodes', who='member', **body):
        return self.ask(who, 'POST', path, '', body)

    def compose(self, name, code=202, **body):
        answer = self.post(name=name, **body)
        self.assertEqual(code, answer.status, answer)
        return answer

    def node(self, name):
        return db.get(models.Node, name=name)

    def charged(self, name):
        node = self.node(name)
        return (
            node.charged_cores,
            node.charged_memory_mib,
            node.charged_devices,
        )


class TestCharged(QuotaCase):
    """The recorded usage of nodes, without limits."""

    def test_by_requirements(self):
        self.compose('new', properties=_WANTED)
        self.assertEqual((4, 2048, 3), self.charged('new'))

    def test_by_flavor(self):
        db.update(models.Flavor, {'properties': _WANTED}, name='own')
        self.compose('new', flavor='own')
        self.assertEqual((4, 2048, 3), self.charged('new'))

    def test_nothing(self):
        answer = self.compose('new')
        self.assertEqual((0, 0, 0), self.charged('new'))
        self.assertEqual(0, answer.json['charged_cores'])

    def test_exact_resources(self):
        db.update(models.Device, {'memory_mib': 5}, name='open-free')
        answer = self.post(
            who='admin', name='new', resources=['open-system', 'open-free']
        )
        self.assertEqual(202, answer.status, answer)
        self.assertEqual((8, 1029, 1), self.charged('new'))


class TestChanged(QuotaCase):
    """Attached and detached devices."""

    def act(self, code=202, **body):
        answer = self.ask(
            'member', 'POST', 'nodes/{id}/action', 'own-node', body
        )
        self.assertEqual(code, answer.status, answer)
        return answer

    def test_attach(self):
        db.update(models.Device, {'cpu_cores': 2}, name='open-free')
        self.act(attach={'resource_id': 'open-free'})
        self.assertEqual((2, 0, 1), self.charged('own-node'))

    def test_over_the_limit(self):
        self.limit(registered={'devices': 1})
        self.act(attach={'resource_id': 'open-free'})
        db.update(models.Operation, {'state': 'succeeded', 'lock_key': None})
        db.update(models.Node, {'provision_state': 'active'})
        answer = self.act(403, attach={'resource_id': 'own-kept'})
        self.assertIn('devices: the limit is 1', answer.error['detail'])

    def test_administrators_charge_the_project_of_the_node(self):
        self.limit(registered={'devices': 0})
        for node, code in (('own-node', 403), ('nobodys-node', 202)):
            answer = self.ask(
                'admin',
                'POST',
                'nodes/{id}/action',
                node,
                {'attach': {'resource_id': 'open-free'}},
            )
            self.assertEqual(code, answer.status, answer)


def _run(operation):
    """The operation as if a conductor had claimed it."""
    lease = membership.Lease()
    return Run(operation, [], lease, loader.Pool(), actions.BY_NAME)


class TestAdopted(QuotaCase):
    def test_a_node_too_many(self):
        self.limit(registered={'nodes': 1})
        answer = self.post('nodes/manage', 'admin', **MANAGE)
        self.assertEqual(403, answer.status, answer)

    def test_observed_resources(self):
        self.post('nodes/manage', 'admin', **MANAGE)
        self.assertEqual((0, 0, 0), self.charged('new'))
        operation = db.get(models.Operation, action='adopt')
        for model, name in (
            (models.System, 'open-system'),
            (models.Device, 'open-free'),
        ):
            hashed = diff.uri_hash(f'/{name}')
            db.update(model, {'uri_hash': hashed}, name=name)
        db.transaction(adopt.ClaimParts().record)(
            _run(operation),
            {
                'uri': '/new',
                'resources': ['/open-system', '/open-free'],
                'index': '9',
                'baseline': {},
            },
        )
        self.assertEqual((8, 1024, 1), self.charged('new'))


class TestLimits(QuotaCase):
    """The project own has one node without any usage."""

    def refused(self, *details, **body):
        before = self.operations()
        answer = self.compose('new', 403, **body)
        self.assertEqual('composable.over-limit', answer.error['code'])
        for detail in details:
            self.assertIn(detail, answer.error['detail'])
        self.assertIsNone(self.node('new'))
        self.assertEqual(before, self.operations())

    def operations(self):
        with db.reader() as tx:
            return tx.count(models.Operation)

    def test_nothing_registered(self):
        self.compose('new', properties=_WANTED)

    def test_nodes(self):
        self.limit(registered={'nodes': 1})
        self.refused('nodes: the limit is 1, 1 in use, 1 more requested')

    def test_error_names_all_exceeded_limits(self):
        self.limit(registered={'nodes': 2, 'cores': 3, 'memory': 2047})
        self.refused(
            'cores: the limit is 3, 0 in use, 4 more requested',
            'memory: the limit is 2047, 0 in use, 2048 more requested',
            properties=_WANTED,
        )

    def test_up_to_the_limit(self):
        self.limit(
            registered={'nodes': 2, 'cores': 4, 'memory': 2048, 'devices': 3}
        )
        self.compose('first', properties=_WANTED)
        self.refused('nodes', 'cores', 'memory', 'devices', properties=_WANTED)

    def test_limits_of_the_project_come_first(self):
        self.limit(registered={'nodes': 1}, project={'nodes': 2})
        self.compose('first')
        self.refused('the limit is 2, 2 in use')

    def test_unlimited(self):
        self.limit(registered={'nodes': 1}, project={'nodes': -1})
        self.compose('new')

    def test_other_limits_are_ignored(self):
        self.limit(registered={'servers': 0})
        self.compose('new')

    def test_release_ends_usage(self):
        self.limit(registered={'cores': 4})
        self.compose('first', properties=_WANTED)
        self.refused('cores', properties=_WANTED)
        db.transaction(lambda tx: tx.delete(models.Node, name='first'))()
        self.compose('new', properties=_WANTED)

    def test_other_projects_do_not_count(self):
        self.limit(registered={'nodes': 2})
        db.update(models.Node, {'project_id': 'c' * 32}, name='nobodys-node')
        self.compose('new')

    def preview(self, who='member', **body):
        answer = self.post('nodes/preview', who, **body)
        self.assertEqual(200, answer.status, answer)
        return answer.json['quota']

    def test_a_preview_shows_the_limits(self):
        self.limit(registered={'nodes': 9, 'cores': 5, 'devices': -1})
        answer = self.post('nodes/preview', properties=_WANTED)
        self.assertEqual(
            [
                {'resource': 'nodes', 'limit': 9, 'used': 1, 'requested': 1},
                {'resource': 'cores', 'limit': 5, 'used': 0, 'requested': 4},
            ],
            answer.json['limits'],
        )
        self.limit()
        self.assertEqual([], self.post('nodes/preview').json['limits'])

    def test_a_preview_shows_what_is_missing(self):
        self.limit(registered={'nodes': 1, 'cores': 3, 'memory': 5000})
        self.assertEqual(
            [
                {'resource': 'nodes', 'limit': 1, 'used': 1, 'missing': 1},
                {'resource': 'cores', 'limit': 3, 'used': 0, 'missing': 1},
            ],
            self.preview(properties=_WANTED),
        )
        self.limit(registered={'nodes': 2, 'cores': 4, 'devices': -1})
        self.assertEqual([], self.preview(properties=_WANTED))

    def test_a_preview_hides_how_large_hardware_is(self):
        self.assertEqual([], self.preview())
        self.limit(registered={'cores': 1})
        self.assertEqual(
            [{'resource': 'cores', 'limit': 1, 'used': 0, 'missing': None}],
            self.preview(),
        )

    def test_keystone_unavailable(self):
        for error in (
            ksa_exceptions.ConnectFailure('away'),
            ksa_exceptions.Unauthorized('wrong password'),
            ValueError('Service not found'),
        ):
            self.keystone.mock_conn.registered_limits.side_effect = error
            answer = self.compose('new', 503)
            self.assertIn('Keystone', answer.error['detail'])
            self.assertIn('Retry-After', answer.headers)
        self.limit(registered={'nodes': 5})
        quota._enforcer.cache_clear()
        self.compose('new')

    def test_unlimited_projects(self):
        self.limit(registered={'nodes': 0})
        self.assertEqual({'nodes': 0}, quota.limits(personas.OWN))
        self.assertEqual({}, quota.limits(None))
        cfg.CONF.set_override('enforce', False, 'quota')
        self.assertEqual({}, quota.limits(personas.OWN))


class TestTogether(QuotaCase):
    """Fifty concurrent requests, with a limit of ten nodes."""

    limits = {'nodes': 11}

    def test_ten_succeed(self):
        headers = self.personas.of('member')

        def ask(number):
            return self.client.request(
                'POST', '/v1/nodes', {'name': f'node-{number}'}, headers
            )

        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(ask, range(50)))
        codes = [answer.status for answer in answers]
        self.assertEqual((10, 40), (codes.count(202), codes.count(403)))
        with db.reader() as tx:
            # One was there before.
            self.assertEqual(
                11, tx.count(models.Node, project_id=personas.OWN)
            )

    def test_the_last_place_of_another_project(self):
        self.assertRaises(
            exception.OverLimit,
            db.transaction(quota.enforce),
            str(uuid.uuid4()),
            {'nodes': 0},
            quota.Charge(nodes=1),
        )


class TestTogetherMySQL(TestTogether):
    backend = 'mysql'


class TestTogetherPostgreSQL(TestTogether):
    backend = 'postgresql'


class TestHolds(QuotaCase):
    """What is held is charged as what nodes have."""

    def hold(self, name='new', code=201, **body):
        body = {'name': name, 'seconds': 60, **body}
        answer = self.post('holds', **body)
        self.assertEqual(code, answer.status, answer)
        return answer

    def test_limits(self):
        for limits, error in (
            ({'nodes': 1}, 'nodes: the limit is 1, 1 in use'),
            ({'holds': 0}, 'holds: the limit is 0, 0 in use'),
            ({'cores': 7}, 'cores: the limit is 7, 0 in use'),
        ):
            self.limit(registered=limits)
            answer = self.hold(code=403)
            self.assertIn(error, answer.error['detail'])
            # How large the hardware is, is not shown.
            self.assertNotIn('8', answer.error['detail'])
        self.limit(registered={'nodes': 2, 'holds': 1, 'cores': 8})
        self.hold()

    def test_a_node_takes_the_charge_over(self):
        self.limit(registered={'nodes': 2, 'cores': 8})
        self.hold()
        self.compose('other', 403, properties=_WANTED)
        self.compose('node', hold='new')
        self.assertEqual((8, 1024, 0), self.charged('node'))
        self.assertEqual(0, db.get(models.Hold, name='new').charged_cores)

    def test_why_not_tells_members_nothing_of_others(self):
        wanted = {'processor': {'total_cores': 999}}
        for who in ('member', 'admin'):
            body = {'name': 'a', 'seconds': 60, 'properties': wanted}
            answer = self.post('holds', who, **body)
            self.assertEqual(409, answer.status, answer)
            for one in answer.error['rejections']:
                self.assertEqual(who == 'admin', 'nearest' in one, one)
            self.assertNotIn('closed', answer.content.decode())
