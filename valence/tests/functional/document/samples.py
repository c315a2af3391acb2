# SPDX-License-Identifier: Apache-2.0
"""What happens to all kinds of resources, for a sample of each notification.

``tools/notification_samples.py`` runs it. Operations that fail are cancelled
ones.
"""

import datetime
import json

from valence.conductor import actions
from valence.conductor import leases
from valence.conductor import notifications
from valence.db import api as db
from valence.db import installation
from valence.db import outbox
from valence.db.sqlalchemy import models
from valence.podmanagers.fake.pod import Node
from valence.tests.functional.document import scenario

_POD = '/v1/pod_managers/east'
_WEB = '/v1/nodes/web'
# A node of this installation that is not in its database.
_LOST = '00000000-0000-4000-8000-000000000001'
_INSTALLATION = '5f0c1d8e2b7a'
# What operations change that do not change a node.
_TARGETS = {
    'sync': 'pod_manager',
    'delete': 'pod_manager',
    'repair': 'finding',
    'publish': 'flavor',
    'unpublish': 'flavor',
}


class Samples(scenario.Scenario):
    """:ivar samples: the first message of each event type."""

    def both(self, method, path, body=None):
        """Request an operation twice: it is cancelled, and succeeds."""
        uuid = self.begin(method, path, body)
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.finish(uuid)
        self.done(method, path, body)

    def test_all(self):
        self.use_flavors()
        self.register()
        self.both('POST', f'{_POD}/sync')
        self.hold()
        self.condition()
        self.keep_pool()
        self.compose_nodes()
        self.change_node()
        self.lease()
        self.find_nodes()
        self.both('DELETE', _WEB)
        self.both('DELETE', f'{_POD}?cascade=true')
        self.samples = self.messages()

    def use_flavors(self):
        for method, path, body in scenario.FLAVORS:
            self.client.request(method, f'/v1/{path.format(id="large")}', body)
        for verb in ('publish', 'unpublish'):
            self.both('POST', f'/v1/flavors/large/{verb}')
        self.client.delete('/v1/flavors/large')

    def keep_pool(self):
        self.client.post('/v1/flavors', {'name': 'large', 'properties': {}})
        pool = {'name': 'ready', 'flavor': 'large', 'max_nodes': 10}
        self.client.post('/v1/pools', pool)
        self.client.patch('/v1/pools/ready', {'min_ready': 2})
        self.client.delete('/v1/pools/ready')
        self.client.delete('/v1/flavors/large')

    def hold(self):
        self.client.post('/v1/holds', {'name': 'shop', 'seconds': 600})
        self.client.patch('/v1/holds/shop', {'seconds': 3600})
        self.client.delete('/v1/holds/shop')

    def condition(self):
        (rack, *_) = self.client.all('/v1/racks')
        leak = scenario.leak(rack['uuid'])
        row = self.client.post('/v1/conditions', leak)
        self.client.post('/v1/conditions', {**leak, 'message': 'Dry soon.'})
        self.client.delete(f'/v1/conditions/{row["uuid"]}')

    def lease(self):
        """Let the time of the node be over; it is switched off then."""
        until = self.clock.now() + datetime.timedelta(days=8)
        lease = {'lease_until': f'{until.isoformat()}Z', 'lease_end': 'notify'}
        self.client.patch(_WEB, lease)
        for days in (7.5, 1):
            self.clock.advance(days * 86400)
            leases.sweep()
        self.client.patch(_WEB, {'lease_end': 'power_off'})
        self.clock.advance(86400)
        leases.sweep()
        self.conductor.settle()
        self.clock.advance(60)
        leases.sweep()

    def compose_nodes(self):
        cancelled = self.begin('POST', '/v1/nodes', {'name': 'db'})
        self.client.delete(f'/v1/operations/{cancelled}')
        self.conductor.finish(cancelled)
        self.done('DELETE', '/v1/nodes/db')
        self.compose('web')

    def change_node(self):
        self.client.patch(_WEB, {'description': 'Serves the shop'})
        (device, *_) = self.client.all('/v1/devices?state=free')
        which = {'resource_id': device['uuid']}
        for body in (
            {'reset': {'Type': 'On'}},
            {'boot': {'Enabled': 'Once', 'Target': 'Pxe'}},
            {'attach': which},
            {'detach': which},
        ):
            self.both('POST', f'{_WEB}/action', body)
        for verb, body in (
            ('register', {'provide': True}),
            ('unregister', None),
        ):
            self.both('POST', f'{_WEB}/{verb}', body)

    def find_nodes(self):
        self.find('/systems/2', None)
        one = self.found('/systems/2')
        until = {'until': '2027-01-01T00:00:00Z'}
        self.client.post(one, {'accept': until})
        cancelled = self.begin('POST', one, {'adopt': {'name': 'db'}})
        self.client.delete(f'/v1/operations/{cancelled}')
        self.conductor.finish(cancelled)
        self.done('POST', self.found('/systems/2'), {'adopt': {'name': 'db'}})
        self.find('/systems/3', installation.mark(_LOST))
        self.both('POST', self.found('/systems/3'), {'release': {}})

    def find(self, system, mark):
        """Let a node appear that nobody asked for."""
        node = Node('found', mark, [system], 0)
        self.fake.nodes[f'/nodes/of{system}'] = node
        self.done('POST', f'{_POD}/sync')

    def found(self, system):
        """Where actions on the finding about a node are requested."""
        (uuid,) = (
            one['uuid']
            for one in self.client.all('/v1/findings')
            if one['resource_uri'] == f'/nodes/of{system}'
            and one['state'] in ('open', 'accepted')
        )
        return f'/v1/findings/{uuid}/action'

    def messages(self):
        """The first message of each event type."""
        order = [models.Event.created_at]
        with db.reader() as tx:
            events = tx.list(models.Event, order=order).all()
        found = {}
        for event in events:
            _, message = notifications.message(event)
            message['timestamp'] = f'{event.created_at.isoformat()}Z'
            found.setdefault(event.event_type, message)
        missing = set(expected()) - found.keys()
        self.assertEqual(set(), missing)
        text = json.dumps(found).replace(installation.own_id(), _INSTALLATION)
        found = json.loads(scenario.stable(text))
        for message in found.values():
            time = datetime.datetime.fromisoformat(message['timestamp'][:-1])
            message['timestamp'] = time.isoformat(' ', 'microseconds')
        return found


def expected():
    """The event types that there has to be a sample of."""
    for model, cls in models.OBJECTS.items():
        if model in outbox.OBSERVERS:
            kind = cls.KIND.replace(' ', '_')
            yield from (f'{kind}.create', f'{kind}.update')
    yield from (
        f'node.lease.{word}' for word in ('warned', 'ended', 'overdue')
    )
    for action in actions.BY_NAME:
        # Its pod manager is deleted already.
        if action != 'unsubscribe':
            for phase in ('start', 'end', 'error'):
                yield f'{_TARGETS.get(action, "node")}.{action}.{phase}'
