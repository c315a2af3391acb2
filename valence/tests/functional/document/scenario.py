# SPDX-License-Identifier: Apache-2.0
"""The requests whose bodies the OpenAPI document shows as examples.

``tools/examples.py`` has them sent to the application, with a fake pod. Two
runs record the same: neither chance nor the time of day decides anything, and
what differs from one version of the code to the next, such as how many UUIDs
it makes, is made equal.
"""

import datetime
import itertools
import json
import re
import uuid

import fixtures

from valence.api import openapi
from valence.conductor import samples
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import fake
from valence.podmanagers import hardware
from valence.podmanagers.fake.pod import Node
from valence.tests import base
from valence.tests import fixtures as valence_fixtures
from valence.tests.fixtures import strict_nova

_UUID = re.compile(r'\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b')
# Times of the service have microseconds; those in URLs are quoted.
_TIME = re.compile(r'(\d{4}-\d\d-\d\dT\d\d(:|%3A)\d\d\2\d\d)\.\d+Z')
_BEGIN = datetime.datetime(2026, 1, 2, 3, 4, 5)
_PROJECT = '5f0c1d8e2b7a49368c41d6a6f34c8a17'
_URL = 'https://pod-manager.example.org'
_WANTED = {
    'processor': {'total_cores': 8},
    'memory': {'capacity_mib': 32768},
    'storage': [{'capacity_gib': 400, 'type': 'SSD', 'count': 2}],
}

#: Requests about the flavor ``large``: method, path, body.
FLAVORS = [
    ('POST', 'flavors', {'name': 'large', 'properties': _WANTED}),
    ('GET', 'flavors', None),
    ('GET', 'flavors/choices', None),
    ('GET', 'flavors/{id}', None),
    ('PATCH', 'flavors/{id}', {'description': '8 cores and two SSDs'}),
]


def leak(rack):
    """The request for a condition of a rack."""
    return {
        **{'subject': 'rack', 'subject_id': rack},
        **{'code': 'water_leak', 'message': 'Water below the rack.'},
        'tenant_message': 'Repairs of the building.',
    }


class Scenario(base.ConductorTestCase):
    """A pod manager, and what is made of its hardware.

    :ivar examples: the first request to each endpoint, and its first response
        of each status, by the identifier of the operation in the document.
    """

    options = {'fake__systems': 3, 'fake__devices': 2}

    def setUp(self):
        self._numbers = itertools.count(1)
        for name, new in (
            ('uuid.uuid4', self._next_uuid),
            ('random.shuffle', lambda items: None),
            ('random.choice', lambda items: items[0]),
            ('socket.gethostname', lambda: 'controller'),
        ):
            self.useFixture(fixtures.MonkeyPatch(name, new))
        super().setUp()
        self.useFixture(valence_fixtures.Provisioner())
        nova = self.useFixture(strict_nova.StrictNova())
        self.conf.set(**nova.options())
        self.examples = {}

    def _next_uuid(self):
        """Each is greater than the one before, as rows are sorted by them."""
        return uuid.UUID(int=next(self._numbers) << 80, version=4)

    def send(self, method, path, body=None, query='', **parameters):
        """Send a request that must succeed, and record it.

        :param path: as in the table of routes.
        :returns: the body of the response.
        """
        answer = self.client.request(
            method, f'/v1/{path.format(**parameters)}{query}', body
        )
        self.assertLess(answer.status, 300, answer)
        name = openapi.operation_id(path, method)
        found = self.examples.setdefault(name, {'responses': {}})
        if body is not None:
            found.setdefault('request', body)
        if not answer.content:
            return None
        found['responses'].setdefault(f'{answer.status}', answer.json)
        return answer.json

    def finish(self, *args, **kwargs):
        """Send a request, and run its operation to the end."""
        found = self.send(*args, **kwargs)
        self.conductor.finish(found.get('operation_uuid', found['uuid']))
        return found

    def test_all(self):
        self.register()
        self.read_inventory()
        self.compose_nodes()
        self.change_nodes()
        self.read_operations()
        self.read_events()
        self.keep_pools()
        self.adopt_nodes()
        self.set_conditions()
        self.expect_parts()
        self.release()
        self.examples = json.loads(stable(json.dumps(self.examples)))

    def register(self):
        self.fake = fake.pod(_URL)
        self.fake.hardware['/storages/1'] = _pool()
        self.send(
            'POST',
            'pod_managers',
            {
                **{'name': 'east', 'url': _URL, 'driver': 'fake'},
                **{'username': 'admin', 'password': 'secret'},
                **{'hardware_username': 'bmc', 'hardware_password': 'secret'},
                'location': 'Building 1, room 2',
            },
        )
        self.conductor.look()
        self.conductor.settle()
        for path in ('pod_managers/{id}', 'pod_manager/{id}'):
            self.send('GET', path, id='east')
            for method in ('PUT', 'PATCH'):
                self.send(method, path, {'description': 'Row 3'}, id='east')
        access = 'pod_managers/{id}/access'
        self.send('POST', access, {'project_id': _PROJECT}, id='east')
        self.send('GET', access, id='east')

    def read_inventory(self):
        for kind in ('racks', 'chassis', 'systems', 'devices', 'storages'):
            listed = self.send('GET', kind, query='?limit=1')
            self.send('GET', f'{kind}/{{id}}', id=listed[kind][0]['uuid'])
        for kind in ('chassis', 'systems', 'devices'):
            listed = self.send('GET', kind, query='?limit=1')
            body = {'tags': ['CUSTOM_GOLD']}
            path = f'{kind}/{{id}}'
            self.send('PATCH', path, body, id=listed[kind][0]['uuid'])
        self.send('GET', 'pod_managers')
        self.send('GET', 'pod_managers/{id}/topology', id='east')
        self.send('GET', 'capacity')
        samples.Sampler(self.conductor.lease).tick()
        (sample,) = self.send('GET', 'capacity_samples')['capacity_samples']
        self.send('GET', 'capacity_samples/{id}', id=sample['uuid'])
        self.send('GET', 'drivers')
        self.send('GET', 'conductors')
        self.send('POST', 'devices/sync')
        self.conductor.settle()
        self.finish('POST', 'pod_managers/{id}/sync', id='east')

    def compose_nodes(self):
        for method, path, body in FLAVORS:
            self.send(method, path, body, id='large')
        how = {'resource_class': 'large', 'traits': ['CUSTOM_GOLD']}
        self.finish('POST', 'flavors/{id}/publish', how, id='large')
        self.finish('POST', 'flavors/{id}/unpublish', id='large')
        self.send('POST', 'nodes/preview', {'flavor': 'large'})
        kept = {'name': 'shop', 'flavor': 'large', 'seconds': 600}
        self.send('POST', 'holds', kept)
        self.send('GET', 'holds')
        self.send('GET', 'holds/{id}', id='shop')
        self.send('PATCH', 'holds/{id}', {'seconds': 3600}, id='shop')
        self.send('DELETE', 'holds/{id}', id='shop')
        self.finish('POST', 'nodes', {'name': 'web', 'flavor': 'large'})
        self.send('GET', 'nodes')
        self.send('GET', 'nodes/{id}', id='web')
        self.send('GET', 'nodes/{id}/storages', id='web')

    def change_nodes(self):
        changed = {'description': 'Serves the shop'}
        self.send('PATCH', 'nodes/{id}', changed, id='web')
        self.finish(
            'POST', 'nodes/{id}/action', {'reset': {'Type': 'On'}}, id='web'
        )
        how = {'provide': True, 'resource_class': 'large'}
        self.finish('POST', 'nodes/{id}/register', how, id='web')
        self.finish('POST', 'nodes/{id}/unregister', id='web')

    def read_operations(self):
        listed = self.send('GET', 'operations', query='?action=compose')
        (row,) = listed['operations']
        self.send('GET', 'operations/{id}', id=row['uuid'])
        begun = self.client.post('/v1/nodes', {'name': 'db'})
        uuid = begun['operation_uuid']
        self.send('DELETE', 'operations/{id}', id=uuid)
        self.conductor.finish(uuid)

    def read_events(self):
        day = datetime.datetime(2025, 12, 1)
        span = {
            **{'node_uuid': str(uuid.uuid4()), 'kind': 'system'},
            **{'model': 'fake system', 'cores': 16, 'memory_mib': 65536},
            **{'devices': 0, 'opened_at': day},
            'closed_at': day + datetime.timedelta(hours=10),
        }
        db.transaction(lambda tx: tx.create_many(models.UsageSpan, [span]))()
        self.send('GET', 'usage', query='?start=2025-12-01&end=2025-12-02')
        listed = self.send('GET', 'events', query='?limit=2')
        self.send('GET', 'events/{id}', id=listed['events'][0]['uuid'])

    def keep_pools(self):
        pool = {
            **{'name': 'ready', 'flavor': 'large', 'max_nodes': 10},
            **{'min_ready': 2, 'max_ready': 4, 'pod_managers': ['east']},
            'register': {'provide': True, 'resource_class': 'large'},
        }
        self.send('POST', 'pools', pool)
        self.send('GET', 'pools')
        self.send('GET', 'pools/{id}', id='ready')
        self.send('PATCH', 'pools/{id}', {'min_ready': 3}, id='ready')
        self.send('POST', 'pools/{id}/action', {'drain': {}}, id='ready')
        self.send('DELETE', 'pools/{id}', id='ready')

    def adopt_nodes(self):
        free = self.client.all('/v1/systems?pod_manager=east&free=true')
        for number, system in zip((98, 99), free, strict=False):
            found = Node(f'found-{number}', None, [system['resource_uri']], 0)
            self.fake.nodes[f'/nodes/{number}'] = found
        self.done('POST', '/v1/pod_managers/east/sync')
        listed = self.send('GET', 'findings', query='?limit=1')
        (one,) = listed['findings']
        self.send('GET', 'findings/{id}', id=one['uuid'])
        accept = {'accept': {'until': '2027-01-01T00:00:00Z'}}
        for action in (accept, {'adopt': {'name': 'adopted'}}):
            self.send('POST', 'findings/{id}/action', action, id=one['uuid'])
        self.conductor.settle()
        (other,) = self.client.all('/v1/findings?state=open')
        manage = {'name': 'managed', 'resource_uri': other['resource_uri']}
        self.finish('POST', 'nodes/manage', {'pod_manager': 'east', **manage})

    def set_conditions(self):
        listed = self.client.get('/v1/racks?limit=1')
        rack = listed['racks'][0]['uuid']
        row = self.send('POST', 'conditions', leak(rack))
        self.send('GET', 'conditions')
        systems = self.client.get('/v1/systems?limit=1')['systems']
        devices = self.client.get('/v1/devices?limit=1')['devices']
        for kind, one in (
            ('pod_managers', 'east'),
            ('nodes', 'web'),
            ('systems', systems[0]['uuid']),
            ('devices', devices[0]['uuid']),
        ):
            path = f'{kind}/{{id}}/history'
            self.send('GET', path, query='?limit=2', id=one)
        for method in ('GET', 'DELETE'):
            self.send(method, 'conditions/{id}', id=row['uuid'])

    def expect_parts(self):
        path = 'pod_managers/{id}/expected'
        self.send('POST', f'{path}/snapshot', id='east')
        part = {'type': 'system', 'serial_number': 'S1', 'place': 'Rack 1/1'}
        self.send('PUT', path, {'parts': [part]}, id='east')
        self.send('GET', path, id='east')
        self.send('GET', f'{path}/report', id='east')

    def release(self):
        self.finish('DELETE', 'nodes/{id}', id='web')
        for path, query in (
            ('pod_managers/{id}', '?cascade=true'),
            ('pod_manager/{id}', '?cascade=true&force=true'),
        ):
            self.send('DELETE', path, id='east', query=query)


def _pool():
    """A storage pool, which fake pods do not have by themselves."""
    values = {
        **{'name': 'Pool 1', 'type': 'pool', 'state': 'enabled'},
        **{'health': 'ok', 'capacity_gib': 4000, 'free_gib': 3000},
    }
    return hardware.Item(uri='/storages/1', values=values)


def stable(text):
    """A text with UUIDs and times that count from the same ones."""
    uuids = _ranks(_UUID.findall(text))
    times = _ranks(sorted(map(_seconds, _TIME.finditer(text))))

    def new_time(hit):
        later = datetime.timedelta(seconds=times[_seconds(hit)])
        return f'{_BEGIN + later:%Y-%m-%dT%H:%M:%SZ}'.replace(':', hit[2])

    text = _UUID.sub(
        lambda hit: str(uuid.uuid5(uuid.NAMESPACE_URL, f'{uuids[hit[0]]}')),
        text,
    )
    return _TIME.sub(new_time, text)


def _seconds(hit):
    return hit[1].replace(hit[2], ':')


def _ranks(found):
    return {one: rank for rank, one in enumerate(dict.fromkeys(found))}
