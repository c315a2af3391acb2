# SPDX-License-Identifier: Apache-2.0
"""The objects that the requests of the table of endpoints are about."""

import datetime
import uuid

from valence import objects
from valence.common import exception
from valence.db import allocations
from valence.db import api as db
from valence.db import capacity
from valence.db import recount
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures.personas import OTHER
from valence.tests.fixtures.personas import OWN

# Stands in whatever is none of a project's business.
SECRET = 'secret.example'
_FAILURE = exception.RequestRejected(reason=SECRET).error_text()


class Scene:
    """Objects of the own project, of another one and of everybody."""

    def __init__(self):
        self.uuids = {}
        db.transaction(self._fill)()
        recount.fill()

    def _fill(self, tx):
        self._tx = tx
        for name in ('open', 'spare', 'granted', 'closed'):
            self._add(
                models.PodManager,
                name,
                **{
                    **objects.PodManager.defaults(),
                    'url': f'http://{name}.{SECRET}',
                    'is_public': name in ('open', 'spare'),
                    'status': 'online',
                    'status_reason': f'{SECRET} does not answer',
                    'sync_error': f'{SECRET} was slow',
                    'description': SECRET,
                    'service_uuid': SECRET,
                    'capabilities': ['compose', 'provision'],
                    'synced_at': db.now(),
                    'username': SECRET,
                    'password': 'encrypted',
                    'hardware_username': 'driver',
                    'hardware_password': 'encrypted',
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
        self._holds()
        self._pool()
        self._finding()
        self._condition()
        self._operations()
        self._events()

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
            serial_number=SECRET,
            properties={'vendor': SECRET},
            seen_at=db.now(),
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
        self._systems()
        self._devices()
        sums = capacity.Sums().totals()
        self._add(models.CapacitySample, 'sample', taken_at=db.now(), **sums)
        for name, project in (
            ('own-kept', OWN),
            ('other-kept', OTHER),
            ('kept-system', OTHER),
        ):
            self._claim(name, reserved_to=project)

    def _systems(self):
        for name in (
            *('open-system', 'kept-system', 'own-system'),
            *('own-held', 'other-held'),
        ):
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
                drives=[_part(capacity_gib=1, type='SSD', protocol='SAS')],
                nics=[_part(mac='00:00:00:00:00:01', speed_mbps=1)],
                power_state='off',
                zones=[],
            )

    def _devices(self):
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

    def _claim(self, name, **values):
        self._tx.create(
            models.Allocation,
            resource_uuid=self.uuids[name],
            podm_uuid=self.uuids['open'],
            **values,
        )
        allocations.update_resources(self._tx, [self.uuids[name]])

    def _flavors(self):
        for name, project in (
            ('public', None),
            ('own', OWN),
            ('other', OTHER),
            ('published', None),
        ):
            self._add(
                models.Flavor,
                name,
                scope=project or '',
                project_id=project,
                is_public=project is None,
                properties={},
                published_at=db.now() if name == 'published' else None,
            )

    def _nodes(self):
        for name, project in (
            ('own-node', OWN),
            ('other-node', OTHER),
            ('nobodys-node', None),
            ('own-managed', OWN),
            ('other-managed', OTHER),
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
                    'managed_by': 'ironic' if 'managed' in name else None,
                    'resource_uri': f'/{SECRET}/{name}',
                    'index': SECRET,
                    'drift': {'lost': [f'/{SECRET}']},
                    'last_error': _FAILURE,
                },
            )
        for name, node in (
            ('own-device', 'own-node'),
            ('own-system', 'own-node'),
            ('other-device', 'other-node'),
        ):
            self._claim(name, node_uuid=self.uuids[node])

    def _holds(self):
        later = db.now() + datetime.timedelta(hours=1)
        for name, project in (('own', OWN), ('other', OTHER)):
            place = {
                'podm_uuid': self.uuids['open'],
                'system_uuid': self.uuids[f'{name}-held'],
                'system_uri': f'/{SECRET}',
                'devices': {},
            }
            self._add(
                models.Hold,
                f'{name}-hold',
                **{
                    **objects.Hold.defaults(),
                    'scope': project,
                    'project_id': project,
                    'podm_uuid': self.uuids['open'],
                    'request': {'resources': []},
                    'remaining': 1,
                    'places': [place],
                    'expires_at': later,
                },
            )
            hold = self.uuids[f'{name}-hold']
            self._claim(f'{name}-held', hold_uuid=hold)

    def _pool(self):
        self._add(
            models.Pool,
            'pool',
            **{
                **objects.Pool.defaults(),
                'flavor_uuid': self.uuids['public'],
                'max_nodes': 1,
                'due_at': db.now(),
            },
        )

    def _finding(self):
        now = db.now()
        self._add(
            models.Finding,
            'finding',
            **{
                **objects.Finding.defaults(),
                'kind': 'existing_node',
                'podm_uuid': self.uuids['open'],
                'subject': SECRET,
                'resource_uri': f'/{SECRET}/strange',
                'reason': SECRET,
                'open_key': SECRET,
                'first_seen_at': now,
                'last_seen_at': now,
            },
        )

    def _condition(self):
        # It has no effects on the other requests.
        self._add(
            models.Condition,
            'condition',
            **{
                **objects.Condition.defaults(),
                'podm_uuid': self.uuids['closed'],
                'subject': 'pod_manager',
                'subject_uuid': self.uuids['closed'],
                'subject_name': SECRET,
                'code': 'test',
                'message': SECRET,
                'effects': [],
                'keeps_away': False,
            },
        )

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
                    'error': _FAILURE,
                },
            )
            self._tx.create(
                models.OperationStep,
                operation_uuid=self.uuids[name],
                n=0,
                name='read_power_state',
                intent={'uri': SECRET},
                result={'uri': SECRET},
                state='done',
            )

    def _events(self):
        for name, project in (
            ('own-event', OWN),
            ('other-event', OTHER),
            ('podm-event', None),
        ):
            self._add(
                models.Event,
                name,
                event_type='operation.error',
                resource_type='operation',
                resource_uuid=str(uuid.uuid4()),
                project_id=project,
                payload={
                    'valence_object.name': 'OperationPayload',
                    'valence_object.data': {
                        **dict.fromkeys(objects.Operation.fields),
                        'error': SECRET,
                        'nearest': SECRET,
                        'user_error': 'hidden',
                    },
                },
            )


def _part(**values):
    return {'resource_uri': f'/{SECRET}', **values}


class RBACCase(base.ApiTestCase):
    fixture = fixtures.QuickDatabase
    options = {
        'auth_strategy': 'keystone',
        'keystone_authtoken__www_authenticate_uri': 'http://keystone.example',
        'nova__auth_type': 'none',
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
