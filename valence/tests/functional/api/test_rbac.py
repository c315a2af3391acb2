# SPDX-License-Identifier: Apache-2.0
"""Every endpoint, asked by everybody, for everybody's objects."""

import itertools
import re
import uuid

from oslo_utils import timeutils

from valence import objects
from valence.api.controllers import v1
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import personas

OWN, OTHER = personas.OWN, personas.OTHER
# The personas in the order of the columns below.
WHO = ('admin', 'service', 'manager', 'member', 'reader', 'system_reader')

_FLAVOR = {'name': 'new', 'properties': {}, 'is_public': False}
_PUBLIC = {**_FLAVOR, 'is_public': True}
_MANAGE = {'name': 'new', 'pod_manager': 'open', 'resource_uri': '/Nodes/9'}
_EXACT = {'name': 'new', 'resources': ['open-system']}
_RESET = {'Reset': {'Type': 'On'}}
_ATTACH = 'attach'
_EVENT = 'events/{id}/{secret}'
_GRANT = 'pod_managers/{id}/access/{project_id}'

# Method, path, the object that it names, body; then what each persona gets.
# 404 stands where the object is not there for the asker.
TABLE = [
    # Pod managers: open is public, granted is open to the own project, closed
    # to the other one.
    ('GET', 'pod_managers', '', None, '200 200 200 200 200 200'),
    ('GET', 'pod_managers/{id}', 'open', None, '200 200 200 200 200 200'),
    ('GET', 'pod_managers/{id}', 'granted', None, '200 200 200 200 200 200'),
    ('GET', 'pod_managers/{id}', 'closed', None, '200 200 404 404 404 200'),
    ('GET', 'pod_manager/{id}', 'open', None, '200 200 200 200 200 200'),
    ('GET', 'pod_manager/{id}', 'closed', None, '200 200 404 404 404 200'),
    *[
        row
        for one in ('pod_managers', 'pod_manager')
        for name in ('spare', 'closed')
        for row in (
            ('PUT', one + '/{id}', name, {}, '200 200 403 403 403 403'),
            ('PATCH', one + '/{id}', name, {}, '200 200 403 403 403 403'),
            (
                'DELETE',
                one + '/{id}',
                name,
                None,
                '204 204 403 403 403 403',
            ),
        )
    ],
    (
        'POST',
        'pod_managers',
        '',
        {'name': 'new', 'url': 'http://new.example'},
        '201 201 403 403 403 403',
    ),
    (
        'POST',
        'pod_managers/{id}/sync',
        'open',
        None,
        '202 202 403 403 403 403',
    ),
    (
        'GET',
        'pod_managers/{id}/topology',
        'open',
        None,
        '200 200 403 403 403 200',
    ),
    (
        'GET',
        'pod_managers/{id}/access',
        'granted',
        None,
        '200 200 403 403 403 200',
    ),
    (
        'POST',
        'pod_managers/{id}/access',
        'closed',
        {'project_id': OWN},
        '201 201 403 403 403 403',
    ),
    ('DELETE', _GRANT, 'granted', None, '204 204 403 403 403 403'),
    # The inventory.
    ('GET', 'capacity', '', None, '200 200 403 403 403 200'),
    ('GET', 'racks', '', None, '200 200 403 403 403 200'),
    ('GET', 'racks/{id}', 'open-rack', None, '200 200 403 403 403 200'),
    ('GET', 'chassis', '', None, '200 200 403 403 403 200'),
    ('GET', 'chassis/{id}', 'open-rack', None, '200 200 403 403 403 200'),
    ('GET', 'systems', '', None, '200 200 403 403 403 200'),
    ('GET', 'systems/{id}', 'open-system', None, '200 200 403 403 403 200'),
    ('GET', 'storages', '', None, '200 200 403 403 403 200'),
    ('GET', 'storages/{id}', 'open-storage', None, '200 200 403 403 403 200'),
    ('GET', 'devices', '', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'open-free', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'granted-free', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'closed-free', None, '200 200 404 404 404 200'),
    ('GET', 'devices/{id}', 'own-device', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'other-device', None, '200 200 404 404 404 200'),
    ('GET', 'devices/{id}', 'own-kept', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'other-kept', None, '200 200 404 404 404 200'),
    ('POST', 'devices/sync', '', None, '202 202 403 403 403 403'),
    (
        'DELETE',
        'devices/{id}/reservation',
        'own-kept',
        None,
        '204 204 403 403 403 403',
    ),
    (
        'DELETE',
        'systems/{id}/reservation',
        'kept-system',
        None,
        '204 204 403 403 403 403',
    ),
    # Flavors.
    ('GET', 'flavors', '', None, '200 200 200 200 200 200'),
    ('POST', 'flavors', '', _FLAVOR, '201 201 201 201 403 403'),
    ('POST', 'flavors', '', _PUBLIC, '201 201 403 403 403 403'),
    ('GET', 'flavors/{id}', 'public', None, '200 200 200 200 200 200'),
    ('GET', 'flavors/{id}', 'own', None, '200 200 200 200 200 200'),
    ('GET', 'flavors/{id}', 'other', None, '200 200 404 404 404 200'),
    ('PATCH', 'flavors/{id}', 'public', {}, '200 200 403 403 403 403'),
    ('PATCH', 'flavors/{id}', 'own', {}, '200 200 200 200 403 403'),
    ('PATCH', 'flavors/{id}', 'other', {}, '200 200 404 404 403 403'),
    ('DELETE', 'flavors/{id}', 'public', None, '204 204 403 403 403 403'),
    ('DELETE', 'flavors/{id}', 'own', None, '204 204 204 204 403 403'),
    ('DELETE', 'flavors/{id}', 'other', None, '204 204 404 404 403 403'),
    # Nodes.
    ('GET', 'nodes', '', None, '200 200 200 200 200 200'),
    ('POST', 'nodes', '', {'name': 'new'}, '202 202 202 202 403 403'),
    ('POST', 'nodes', '', _EXACT, '202 202 403 403 403 403'),
    *[
        (
            'POST',
            path,
            '',
            {**name, key: value},
            f'{good} {good} {codes} 403 403',
        )
        for path, name, good in (
            ('nodes', {'name': 'new'}, '202'),
            ('nodes/preview', {}, '200'),
        )
        for key, value, codes in (
            ('pod_manager', 'granted', f'{good} {good}'),
            ('pod_manager', 'closed', '400 400'),
            ('flavor', 'own', f'{good} {good}'),
            ('flavor', 'other', '400 400'),
            (
                'affinity',
                {'scope': 'rack', 'with': ['other-node']},
                '400 400',
            ),
        )
    ],
    ('POST', 'nodes/preview', '', {}, '200 200 200 200 403 403'),
    (
        'POST',
        'nodes/preview',
        '',
        {'resources': ['open-system']},
        '200 200 403 403 403 403',
    ),
    ('POST', 'nodes/manage', '', _MANAGE, '202 202 403 403 403 403'),
    ('GET', 'nodes/{id}', 'own-node', None, '200 200 200 200 200 200'),
    ('GET', 'nodes/{id}', 'other-node', None, '200 200 404 404 404 200'),
    ('GET', 'nodes/{id}', 'nobodys-node', None, '200 200 404 404 404 200'),
    ('PATCH', 'nodes/{id}', 'own-node', {}, '200 200 200 200 403 403'),
    ('PATCH', 'nodes/{id}', 'other-node', {}, '200 200 404 404 403 403'),
    ('DELETE', 'nodes/{id}', 'own-node', None, '202 202 202 202 403 403'),
    ('DELETE', 'nodes/{id}', 'other-node', None, '202 202 404 404 403 403'),
    (
        'POST',
        'nodes/{id}/action',
        'own-node',
        _RESET,
        '202 202 202 202 403 403',
    ),
    (
        'POST',
        'nodes/{id}/action',
        'other-node',
        _RESET,
        '202 202 404 404 403 403',
    ),
    *[
        (
            'POST',
            'nodes/{id}/action',
            'own-node',
            {verb: {'resource_id': device}},
            codes,
        )
        for verb, device, codes in (
            (_ATTACH, 'open-free', '202 202 202 202 403 403'),
            (_ATTACH, 'own-kept', '202 202 202 202 403 403'),
            (_ATTACH, 'closed-free', '409 409 400 400 403 403'),
            (_ATTACH, 'other-device', '409 409 400 400 403 403'),
            ('detach', 'own-device', '202 202 202 202 403 403'),
            ('detach', 'other-device', '409 409 400 400 403 403'),
        )
    ],
    (
        'GET',
        'nodes/{id}/storages',
        'own-node',
        None,
        '200 200 200 200 200 200',
    ),
    (
        'GET',
        'nodes/{id}/storages',
        'other-node',
        None,
        '200 200 404 404 404 200',
    ),
    # Operations.
    ('GET', 'operations', '', None, '200 200 200 200 200 200'),
    ('GET', 'operations/{id}', 'own-op', None, '200 200 200 200 200 200'),
    ('GET', 'operations/{id}', 'other-op', None, '200 200 404 404 404 200'),
    ('GET', 'operations/{id}', 'sync-op', None, '200 200 404 404 404 200'),
    ('DELETE', 'operations/{id}', 'own-op', None, '202 202 202 202 403 403'),
    ('DELETE', 'operations/{id}', 'other-op', None, '202 202 404 404 403 403'),
    ('DELETE', 'operations/{id}', 'sync-op', None, '202 202 404 404 403 403'),
    # The rest. An event proves itself by its secret, which is wrong here.
    ('POST', _EVENT, 'open', {}, '404 404 404 404 404 404'),
    ('GET', 'conductors', '', None, '200 200 403 403 403 200'),
    ('GET', 'drivers', '', None, '200 200 200 200 200 200'),
]

# What each collection shows: to all projects, to the own one, to the system.
LISTS = {
    'pod_managers': ('open spare', 'granted', 'closed'),
    'devices': (
        'open-free',
        'granted-free own-device own-kept',
        'closed-free other-device other-kept',
    ),
    'flavors': ('public', 'own', 'other'),
    'nodes': ('', 'own-node', 'other-node nobodys-node'),
}


class Scene:
    """Objects of the own project, of another one and of everybody."""

    def __init__(self):
        self.uuids = {}
        db.transaction(self._fill)()

    def _fill(self, tx):
        self._tx = tx
        for name in ('open', 'spare', 'granted', 'closed'):
            self._add(
                models.PodManager,
                name,
                **{
                    **objects.PodManager.defaults(),
                    'url': f'http://{name}.example',
                    'is_public': name in ('open', 'spare'),
                    'status': 'online',
                    'status_reason': None,
                    'capabilities': ['compose'],
                    'synced_at': timeutils.utcnow(),
                    'username': 'operator',
                    'password': 'encrypted',
                },
            )
        for name, project in (('granted', OWN), ('closed', OTHER)):
            tx.create(
                models.PodManagerAccess,
                podm_uuid=self.uuids[name],
                project_id=project,
            )
        self._inventory()
        self._flavors()
        self._nodes()
        self._operations()

    def _add(self, model, name, **values):
        self.uuids[name] = str(uuid.uuid4())
        if 'name' in model.__table__.columns:
            values['name'] = name
        self._tx.create(model, uuid=self.uuids[name], **values)

    def _see(self, model, podm, name, **values):
        self._add(
            model,
            name,
            podm_uuid=self.uuids[podm],
            health='ok',
            resource_uri=f'/{name}',
            uri_hash=name,
            serial_number='secret serial',
            properties={'vendor': 'secret words'},
            seen_at=timeutils.utcnow(),
            stale=False,
            missed_syncs=0,
            **values,
        )

    def _inventory(self):
        self._see(
            models.Chassis, 'open', 'open-rack', type='rack', state='enabled'
        )
        self._see(
            models.Storage,
            'open',
            'open-storage',
            type='service',
            state='enabled',
            capacity_gib=1,
            free_gib=1,
        )
        for name in ('open-system', 'kept-system', 'own-system'):
            self._see(
                models.System,
                'open',
                name,
                state='free',
                cpu_sockets=1,
                cpu_cores=8,
                cpu_threads=16,
                memory_mib=1024,
                storage_gib=0,
                drives=[],
                nics=[],
                power_state='off',
                zones=[],
            )
        for podm, name in (
            ('open', 'open-free'),
            ('granted', 'granted-free'),
            ('closed', 'closed-free'),
            ('open', 'own-device'),
            ('open', 'other-device'),
            ('open', 'own-kept'),
            ('open', 'other-kept'),
        ):
            self._see(
                models.Device,
                podm,
                name,
                type='drive',
                state='free',
                capacity_gib=100,
                memory_mib=0,
                cpu_cores=0,
                speed_mbps=0,
                zones=[],
            )
        for name, project in (
            ('own-kept', OWN),
            ('other-kept', OTHER),
            ('kept-system', OTHER),
        ):
            self._claim(name, reserved_to=project)

    def _claim(self, name, **values):
        self._tx.create(
            models.Allocation,
            resource_uuid=self.uuids[name],
            podm_uuid=self.uuids['open'],
            **values,
        )

    def _flavors(self):
        for name, project in (
            ('public', None),
            ('own', OWN),
            ('other', OTHER),
        ):
            self._add(
                models.Flavor,
                name,
                scope=project or '',
                project_id=project,
                is_public=project is None,
                properties={},
            )

    def _nodes(self):
        for name, project in (
            ('own-node', OWN),
            ('other-node', OTHER),
            ('nobodys-node', None),
        ):
            self._add(
                models.Node,
                name,
                **{
                    **objects.Node.defaults(),
                    'scope': project or '',
                    'project_id': project,
                    'podm_uuid': self.uuids['open'],
                    'provision_state': 'active',
                },
            )
        for name, node in (
            ('own-device', 'own-node'),
            ('own-system', 'own-node'),
            ('other-device', 'other-node'),
        ):
            self._claim(name, node_uuid=self.uuids[node])

    def _operations(self):
        for name, project in (
            ('own-op', OWN),
            ('other-op', OTHER),
            ('sync-op', None),
        ):
            self._add(
                models.Operation,
                name,
                **{
                    **objects.Operation.defaults(),
                    'action': 'sync',
                    'params': {},
                    'target_type': 'things',
                    'target_uuid': str(uuid.uuid4()),
                    'project_id': project,
                },
            )


class RBACCase(base.ApiTestCase):
    options = {
        'auth_strategy': 'keystone',
        'keystone_authtoken__www_authenticate_uri': 'http://keystone.example',
    }

    def setUp(self):
        super().setUp()
        self.personas = self.useFixture(fixtures.Personas())
        self.scene = Scene()

    def ask(self, who, method, path, name='', body=None):
        """Send one request of the table."""
        path = path.format(
            id=self.scene.uuids.get(name), project_id=OWN, secret='wrong'
        )
        return self.client.request(
            method, f'/v1/{path}', body, self.personas.of(who)
        )


def _title(method, path, name, body):
    words = [method, path, name, *(body or {})]
    words += [value for value in (body or {}).values() if type(value) is str]
    return re.sub(r'\W+', '_', ' '.join(words)).lower().strip('_')


class TestTable(RBACCase):
    """Each line of the table is a test of its own."""

    def check(self, method, path, name, body, codes):
        for who, code in zip(WHO, codes.split(), strict=True):
            # Each starts with the scene as it was set.
            with fixtures.Database(self.backend):
                self.scene = Scene()
                answer = self.ask(who, method, path, name, body)
                self.assertEqual(int(code), answer.status, (who, answer))

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
            for path, _, _, methods in v1.ROUTES
            for method in methods
        }
        self.assertEqual(endpoints, {row[:2] for row in TABLE})

    def test_what_belongs_to_projects_is_asked_for_by_others(self):
        for path, resource, _, methods in v1.ROUTES:
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

    def test_every_persona_has_a_column(self):
        self.assertEqual(set(WHO), set(personas.PERSONAS))


class TestStrangers(RBACCase):
    """Those without a role that counts here get nowhere."""

    def test_all_of_the_table(self):
        for who, row in itertools.product(personas.STRANGERS, TABLE):
            answer = self.ask(who, *row[:4])
            if row[1] == _EVENT:
                self.assertEqual(404, answer.status)
            elif who == 'system member' and row[0] == 'GET':
                # A member is a reader, too.
                self.assertEqual(200, answer.status, (who, row, answer))
            else:
                self.assertEqual(403, answer.status, (who, row, answer))

    def test_without_token(self):
        for method, path, *_ in TABLE:
            if path == _EVENT:
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
        for path in ('/', '/v1', '/v1/'):
            self.assertEqual(200, self.client.request('GET', path).status)


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
            wanted = {'own-op'}
            if who in ('admin', 'service', 'system_reader'):
                wanted |= {'other-op', 'sync-op'}
            self.assertEqual(
                {self.scene.uuids[name] for name in wanted}, found
            )

    def test_projects_see_little_of_pod_managers(self):
        for who in ('manager', 'member', 'reader'):
            one = self.seen(who, 'pod_managers/{id}', 'granted')
            self.assertEqual(
                {
                    'uuid': self.scene.uuids['granted'],
                    'name': 'granted',
                    'status': 'online',
                    'location': None,
                },
                one,
            )
            self.assertIn(one, self.seen(who, 'pod_managers')['pod_managers'])

    def test_administrators_see_all_but_secrets(self):
        for who in ('admin', 'service'):
            one = self.seen(who, 'pod_managers/{id}', 'granted')
            self.assertEqual('operator', one['username'])
            self.assertIn('capacity', one)
            self.assertNotIn('password', one)
            self.assertNotIn('event_secret', one)

    def test_readers_of_the_system_see_no_credentials(self):
        one = self.seen('system_reader', 'pod_managers/{id}', 'granted')
        self.assertEqual('http://granted.example', one['url'])
        self.assertIn('capacity', one)
        self.assertNotIn('username', one)

    def test_vendors_words_are_for_administrators(self):
        for who in WHO:
            one = self.seen(who, 'devices/{id}', 'own-device')
            self.assertEqual(who in ('admin', 'service'), 'properties' in one)
        for who in ('admin', 'service', 'system_reader'):
            one = self.seen(who, 'systems/{id}', 'own-system')
            self.assertEqual(who != 'system_reader', 'properties' in one)

    def test_projects_do_not_see_where_a_device_is(self):
        for who in ('manager', 'member', 'reader'):
            for path, name in (
                ('devices/{id}', 'own-device'),
                ('devices/{id}', 'open-free'),
                ('nodes/{id}', 'own-node'),
            ):
                text = self.ask(who, 'GET', path, name).content.decode()
                self.assertNotIn('secret', text)
                self.assertNotIn('/own-device', text)

    def test_what_is_not_shown_cannot_be_asked_for(self):
        for query in (
            'fields=username',
            'sort_key=created_at',
            'url=http://open.example',
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
        for who in WHO[:4]:
            answer = self.ask(who, 'POST', 'nodes/preview', '', {})
            text = answer.content.decode()
            (place,) = answer.json['candidates']
            self.assertEqual('open', place['pod_manager'])
            chooses = who in ('admin', 'service')
            self.assertEqual(chooses, 'system_uuid' in place)
            self.assertEqual(chooses, 'closed' in text, text)
            self.assertIn('granted', text)

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
        self.assertEqual(403, self.ask('service', 'GET', 'racks').status)
