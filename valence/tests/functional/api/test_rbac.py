# SPDX-License-Identifier: Apache-2.0
"""Every endpoint, asked by everybody, for everybody's objects."""

import contextlib
import itertools
import re

import fixtures as base_fixtures

from valence.api import routes
from valence.common import policy
from valence.common.exception import RequestRejected
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import fixtures
from valence.tests.fixtures import personas
from valence.tests.functional.api.rbac_scene import SECRET
from valence.tests.functional.api.rbac_scene import RBACCase
from valence.tests.functional.api.rbac_scene import Scene
from valence.tests.functional.api.rbac_table import EVENT
from valence.tests.functional.api.rbac_table import LISTS
from valence.tests.functional.api.rbac_table import TABLE
from valence.tests.functional.api.rbac_table import WHO

OWN = personas.OWN
# Those who see what their project has, and no more.
PROJECT = ('manager', 'member', 'reader')


def _title(method, path, name, body):
    words = [method, path, name, *(body or {})]
    words += [value for value in (body or {}).values() if type(value) is str]
    return re.sub(r'\W+', '_', ' '.join(words)).lower().strip('_')


# Who may compose nodes.
_CREATORS = ('admin', 'manager', 'member')


class TestTable(RBACCase):
    """Each line of the table is a test of its own."""

    def check(self, method, path, name, body, codes):
        for who, code in zip(WHO, codes.split(), strict=True):
            with contextlib.ExitStack() as stack:
                if method != 'GET':
                    # Each starts with the scene as it was set.
                    stack.enter_context(self.fixture(self.backend))
                    self.scene = Scene()
                answer = self.ask(who, method, path, name, body)
            self.assertEqual(int(code), answer.status, (who, answer))
            if who in PROJECT:
                self.assertNotIn(SECRET, answer.content.decode())

    @classmethod
    def fill(cls):
        """Make the tests."""
        for number, (*row, codes) in enumerate(TABLE):

            def test(self, row=row, codes=codes):
                self.check(*row, codes)

            setattr(cls, f'test_{number:03}_{_title(*row)}', test)


TestTable.fill()


class TestWhole(RBACCase):
    """The table has everything."""

    def test_every_endpoint_has_a_row(self):
        endpoints = {
            (method, path)
            for path, _, _, methods in routes.ROUTES
            for method in methods
        }
        self.assertEqual(endpoints, {row[:2] for row in TABLE})

    def test_other_projects_request_what_belongs_to_projects(self):
        for path, resource, _, methods in routes.ROUTES:
            if '{id}' not in path or resource not in (
                'node',
                'flavor',
                'operation',
            ):
                continue
            for method in methods:
                names = {row[2] for row in TABLE if row[:2] == (method, path)}
                for owner in ('own', 'other'):
                    self.assertTrue(
                        any(name.startswith(owner) for name in names),
                        (method, path, owner),
                    )

    def test_a_request_past_the_policy_would_be_noticed(self):
        self.useFixture(base_fixtures.MockPatchObject(policy, 'authorize'))
        self.assertRaisesRegex(
            AssertionError,
            'composable:driver:list was not checked',
            *(self.ask, 'admin', 'GET', 'drivers'),
        )

    def test_every_persona_has_a_column(self):
        self.assertEqual(set(WHO), set(personas.PERSONAS))


class TestStrangers(RBACCase):
    """Those without a role that counts here get nowhere."""

    def test_all_of_the_table(self):
        for who, row in itertools.product(personas.STRANGERS, TABLE):
            answer = self.ask(who, *row[:4])
            if row[1] == EVENT:
                self.assertEqual(404, answer.status)
            elif who == 'system member' and row[0] == 'GET':
                # A member is a reader, too.
                self.assertEqual(200, answer.status, (who, row, answer))
            else:
                self.assertEqual(403, answer.status, (who, row, answer))

    def test_without_token(self):
        for method, path, *_ in TABLE:
            if path == EVENT:
                continue
            for headers in (
                {},
                {'X-Auth-Token': 'wrong'},
                {'X-Roles': 'admin', 'X-Identity-Status': 'Confirmed'},
            ):
                answer = self.client.request(
                    method, f'/v1/{path}', None, headers
                )
                self.assertEqual(401, answer.status, answer)
                self.assertIn('X-Auth-Token', answer.error['detail'])
                self.assertIn('WWW-Authenticate', answer.headers)

    def test_versions_are_for_everybody(self):
        for path in ('/', '/v1', '/v1/', '/healthcheck'):
            self.assertEqual(200, self.client.request('GET', path).status)

    def test_the_description_is_for_all_who_are_known(self):
        path = '/v1/openapi.json'
        self.assertEqual(401, self.client.request('GET', path).status)
        for who in (*WHO, *personas.STRANGERS):
            self.assertEqual(200, self.ask(who, 'GET', path[4:]).status)


class TestSeen(RBACCase):
    """What is shown of what may be seen."""

    def seen(self, who, path, name=''):
        answer = self.ask(who, 'GET', path, name)
        self.assertEqual(200, answer.status, answer)
        return answer.json

    def test_lists(self):
        for path, (public, own, rest) in LISTS.items():
            mine = {*public.split(), *own.split()}
            for who in WHO:
                found = {row['name'] for row in self.seen(who, path)[path]}
                if who in ('admin', 'service', 'system_reader'):
                    self.assertEqual({*mine, *rest.split()}, found, who)
                else:
                    self.assertEqual(mine, found, who)

    def test_operations(self):
        for who in WHO:
            found = {
                row['uuid']
                for row in self.seen(who, 'operations')['operations']
            }
            expected = {'own-op'}
            if who in ('admin', 'service', 'system_reader'):
                expected |= {'other-op', 'sync-op'}
            self.assertEqual(
                {self.scene.uuids[name] for name in expected}, found
            )

    def test_projects_see_little_of_pod_managers(self):
        for who in PROJECT:
            one = self.seen(who, 'pod_managers/{id}', 'granted')
            self.assertEqual([], one.pop('conditions'))
            shown = {**one}
            self.assertEqual(2, len(shown.pop('links')))
            self.assertEqual(
                {
                    'uuid': self.scene.uuids['granted'],
                    'name': 'granted',
                    'status': 'online',
                    'location': None,
                },
                shown,
            )
            self.assertIn(one, self.seen(who, 'pod_managers')['pod_managers'])

    def test_administrators_see_all_but_secrets(self):
        for who in ('admin',):
            one = self.seen(who, 'pod_managers/{id}', 'granted')
            self.assertEqual(SECRET, one['username'])
            self.assertIn('capacity', one)
            self.assertNotIn('password', one)
            self.assertEqual('driver', one['hardware_username'])
            self.assertNotIn('hardware_password', one)
            self.assertEqual('driver', one['hardware_username'])
            self.assertNotIn('hardware_password', one)
            self.assertNotIn('event_secret', one)

    def test_readers_of_the_system_see_no_credentials(self):
        for who in ('system_reader', 'service'):
            one = self.seen(who, 'pod_managers/{id}', 'granted')
            self.assertEqual(f'http://granted.{SECRET}', one['url'])
            self.assertIn('capacity', one)
            self.assertNotIn('username', one)
            self.assertNotIn('hardware_username', one)

    def test_vendors_words_are_for_administrators(self):
        for who in WHO:
            one = self.seen(who, 'devices/{id}', 'own-device')
            self.assertEqual(who == 'admin', 'properties' in one)
        for who in ('admin', 'service', 'system_reader'):
            one = self.seen(who, 'systems/{id}', 'own-system')
            self.assertEqual(who == 'admin', 'properties' in one)

    def test_projects_do_not_see_where_a_device_is(self):
        for who in PROJECT:
            for path, name in (
                ('devices/{id}', 'own-device'),
                ('devices/{id}', 'open-free'),
                ('nodes/{id}', 'own-node'),
            ):
                text = self.ask(who, 'GET', path, name).content.decode()
                self.assertNotIn('/own-device', text)

    def test_members_see_the_user_text_of_errors(self):
        for who in WHO:
            node = self.seen(who, 'nodes/{id}', 'own-node')
            operation = self.seen(who, 'operations/{id}', 'own-op')
            listed = self.seen(who, 'nodes?fields=last_error')['nodes']
            texts = {
                node['last_error'],
                operation['error'],
                listed[0]['last_error'],
            }
            if who in PROJECT:
                self.assertEqual({RequestRejected.user_message}, texts)
                self.assertNotIn('result', operation['steps'][0])
            else:
                self.assertEqual({str(RequestRejected(reason=SECRET))}, texts)

    def test_projects_do_not_see_what_could_be_had_instead(self):
        nearest = {'processor': {'total_cores': 16}}
        db.update(models.Operation, {'nearest': nearest})
        for who in WHO:
            operation = self.seen(who, 'operations/{id}', 'own-op')
            self.assertEqual(who not in PROJECT, 'nearest' in operation)
            answer = self.ask(who, 'GET', 'operations?fields=nearest')
            self.assertEqual(
                400 if who in PROJECT else 200, answer.status, answer
            )

    def test_flavors_are_public_where_that_may_be(self):
        for who in _CREATORS:
            body = {'name': who, 'properties': {}}
            flavor = self.ask(who, 'POST', 'flavors', '', body).json
            self.assertEqual(who not in PROJECT, flavor['is_public'])

    def test_an_offline_pod_manager(self):
        db.update(models.PodManager, {'status': 'offline'}, name='open')
        body = {'name': 'new', 'pod_manager': 'open'}
        for who in _CREATORS:
            answer = self.ask(who, 'POST', 'nodes', '', body)
            self.assertEqual(409, answer.status, answer)
            self.assertIn('The pod manager open is offline', repr(answer))
            self.assertEqual(who in PROJECT, SECRET not in repr(answer))

    def test_hidden_fields_cannot_be_requested(self):
        for query in (
            'fields=username',
            'sort_key=created_at',
            f'url=http://open.{SECRET}',
            'driver=fake',
            'is_public=true',
        ):
            path = f'pod_managers?{query}'
            field = query.partition('=')[0]
            answer = self.ask('member', 'GET', path)
            self.assertEqual(400, answer.status, (query, answer))
            self.assertIn(field, answer.error['detail'])
        self.assertEqual(
            400, self.ask('member', 'GET', 'devices?serial_number=1').status
        )

    def test_filters_find_what_may_be_seen(self):
        for who, name, code in (
            ('member', 'granted', 200),
            ('member', 'closed', 400),
            ('member', 'nowhere', 400),
            ('system_reader', 'closed', 200),
        ):
            answer = self.ask(who, 'GET', f'devices?pod_manager={name}')
            self.assertEqual(code, answer.status, (who, name, answer))

    def test_markers_are_of_what_may_be_seen(self):
        for name, code in (('own-node', 200), ('other-node', 400)):
            marker = self.scene.uuids[name]
            answer = self.ask('member', 'GET', f'nodes?marker={marker}')
            self.assertEqual(code, answer.status, answer)

    def test_preview(self):
        for who in _CREATORS:
            answer = self.ask(who, 'POST', 'nodes/preview', '', {})
            text = answer.content.decode()
            (place,) = answer.json['candidates']
            self.assertEqual('open', place['pod_manager'])
            chooses = who == 'admin'
            self.assertEqual(chooses, 'system_uuid' in place)
            self.assertEqual(chooses, 'closed' in text, text)
            self.assertIn('granted', text)

    def test_a_preview_shows_no_hardware_to_projects(self):
        wanted = {'processor': {'total_cores': 999}, 'memory': {'type': 'X'}}
        for who in ('admin', 'member'):
            answer = self.ask(
                who, 'POST', 'nodes/preview', '', {'properties': wanted}
            )
            for one in answer.json['rejections']:
                self.assertEqual(who == 'admin', 'nearest' in one, one)
                self.assertEqual(who == 'admin', 'systems' in one, one)
                capacity = one['filter'] == 'capacity'
                self.assertEqual(
                    wanted if capacity else None, one.get('unmet')
                )
                self.assertEqual({} if capacity else None, one.get('met'))
                if who == 'member' and capacity:
                    self.assertIn('no free hardware has 999', one['reason'])

    def test_a_node_shows_its_own_hardware(self):
        for who in WHO:
            node = self.seen(who, 'nodes/{id}', 'own-node')
            self.assertEqual(
                ['own-system'], [row['name'] for row in node['systems']]
            )
            self.assertEqual(
                ['own-device'], [row['name'] for row in node['devices']]
            )


class TestOverride(RBACCase):
    """Rules of a policy file count for what is shown, too."""

    def test_force_is_for_administrators(self):
        path = 'nodes/{id}?force=true'
        for who, status in (
            ('reader', 403),
            ('member', 403),
            ('manager', 403),
            ('admin', 202),
        ):
            answer = self.ask(who, 'DELETE', path, 'own-node')
            self.assertEqual(status, answer.status, (who, answer))

    def test_another_role_for_administrators(self):
        path = f'{self.conf.state_path}/policy.yaml'
        with open(path, 'w') as stream:
            stream.write('admin: "role:pod_admin"\n')
        self.conf.useFixture(
            fixtures.Conf(
                auth_strategy='keystone', oslo_policy__policy_file=path
            )
        )
        headers = self.personas.headers(('pod_admin',), OWN)
        answer = self.client.request('GET', '/v1/nodes', None, headers)
        self.assertEqual(200, answer.status, answer)
        self.assertEqual(403, self.ask('admin', 'GET', 'racks').status)
