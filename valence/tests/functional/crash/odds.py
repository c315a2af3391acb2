# SPDX-License-Identifier: Apache-2.0
"""What users ask for, what may go wrong, and what has to be true."""

import collections
import itertools
import random

from valence import quota
from valence.conductor import states
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models

#: What may happen to a request and to its response: one of these each time.
_TRANSPORT = (
    ('delay', 0.3),
    ('hang', 3600),
    ('trickle', 0.001),
    ('status', 404),
    ('status', 500),
    ('status', 503),
    ('headers', {'Location': 'http://h//[', 'Content-Type': None}),
    ('merge', {'Members@odata.nextLink': 'x://[bad'}),
    ('merge', {'Members': None, 'Links': None, 'Status': None}),
    ('replace', {}),
    ('replace', 7),
    ('html', 200),
    ('html', 502),
    ('malformed', None),
    ('truncate', None),
    ('endless', 10**7),
    ('endless-pages', 'same'),
    ('endless-pages', 'new'),
    ('huge', 10**7),
    ('deep', 10**5),
    ('redirect-loop', 307),
    ('drop', None),
    ('refuse', None),
    ('lost-answer', None),
    ('wrong-etag', None),
    ('expire-session', None),
    ('expire-session', 403),
    ('answer', {'status': 200, 'body': {}}),
    ('answer', {'status': 202}),
)
#: What may happen to the work that a request is for: each of these.
_WORK = (
    ('fail-task', None),
    ('task', {'TaskState': 'Running'}),
    ('task', {'TaskState': 'Exception', 'work': False}),
    ('task', {'TaskState': 'Completed', 'TaskStatus': 'Critical'}),
    ('task', {'TaskState': 'Completed', 'work': False}),
    ('ignore', None),
    ('stranger', None),
    ('intrude', None),
    ('lost-answer', None),
)
_CHANGING = ('POST', 'PUT', 'PATCH', 'DELETE')
#: How often each thing is requested.
_WEIGHTS = {
    'compose': 8,
    'release': 5,
    'attach': 4,
    'detach': 2,
    'reset': 3,
    'boot': 2,
    'cancel': 2,
}
_RESETS = ('On', 'ForceOff', 'ForceRestart', 'GracefulShutdown')
_TARGETS = ('Pxe', 'Hdd', 'None')


def faults(probability, stranger):
    """Everything that may go wrong, as the simulator takes it.

    :param probability: of each kind of fault in the work of a request, and of
        any fault in its transport.
    :param stranger: the URI of something that another client composed.
    """
    either = probability / len(_TRANSPORT)
    transport = [
        {'fault': fault, 'value': value, 'probability': either}
        for fault, value in _TRANSPORT
    ]
    kinds = collections.Counter(fault for fault, _ in _WORK)
    work = [
        {
            'fault': fault,
            'value': stranger if fault == 'stranger' else value,
            'probability': probability / kinds[fault],
            'method': method,
        }
        for fault, value in _WORK
        for method in _CHANGING
    ]
    # A stream of events has no body that a fault could change.
    path = '/(?!.*/SSE$)'
    return [{'path': path, **fault} for fault in (*transport, *work)]


class Users:
    """Requests at random, by a seed.

    :param pods: the names of the pod managers.
    :param most: how many nodes there are before some have to go.
    """

    def __init__(self, client, seed, pods, most):
        self._client = client
        self._random = random.Random(seed)
        self._pods = [*pods]
        self._most = most
        self._composed = 0

    def ask(self):
        """Request anything; what it was, and the answer.

        The answer is None if there is nothing to request it for.
        """
        (what,) = self._random.choices([*_WEIGHTS], _WEIGHTS.values())
        with db.reader() as tx:
            if what == 'compose' and tx.count(models.Node) >= self._most:
                what = 'release'
        return what, getattr(self, f'_{what}')()

    def _compose(self):
        self._composed += 1
        body = {'name': f'node-{self._composed}'}
        if self._random.random() < 0.7:
            body['pod_manager'] = self._random.choice(self._pods)
        if self._random.random() < 0.3:
            body['properties'] = {'memory': {'capacity_mib': 1024}}
        return self._client.request('POST', '/v1/nodes', body)

    def _node(self, *states):
        with db.reader() as tx:
            nodes = tx.list(
                models.Node,
                order=[models.Node.created_at],
                only=('uuid', 'podm_uuid', 'provision_state'),
            ).all()
        found = [n for n in nodes if n.provision_state in states]
        return self._random.choice(found) if found else None

    def _release(self):
        # Sometimes in the middle of something.
        states = ('active', 'error')
        if self._random.random() < 0.2:
            states += ('composing', 'updating')
        node = self._node(*states)
        return node and self._client.request(
            'DELETE', f'/v1/nodes/{node.uuid}'
        )

    def _act(self, node, name, **values):
        path = f'/v1/nodes/{node.uuid}/action'
        return self._client.request('POST', path, {name: values})

    def _reset(self):
        node = self._node('active')
        return node and self._act(
            node, 'Reset', Type=self._random.choice(_RESETS)
        )

    def _boot(self):
        node = self._node('active')
        return node and self._act(
            node,
            'Boot',
            Enabled='Once',
            Target=self._random.choice(_TARGETS),
        )

    def _attach(self):
        return self._join('attach', lambda node: {'state': 'free'})

    def _detach(self):
        return self._join('detach', lambda node: {'node_uuid': node.uuid})

    def _join(self, name, which):
        node = self._node('active')
        if node is None:
            return None
        with db.reader() as tx:
            rows = tx.list(
                models.Device,
                order=[models.Device.resource_uri],
                podm_uuid=node.podm_uuid,
                **which(node),
            ).all()
        if not rows:
            return None
        device = self._random.choice(rows)
        return self._act(node, name, resource_id=device.uuid)

    def _cancel(self):
        with db.reader() as tx:
            found = tx.list(models.Operation, state=states.OPEN).all()
        if not found:
            return None
        row = self._random.choice(found)
        return self._client.request('DELETE', f'/v1/operations/{row.uuid}')


class Books:
    """The rows of a pod manager, and what its pod shows.

    :param name: of the pod manager.
    :param shown: the URIs of the parts of each composition, by its URI.
    """

    def __init__(self, name, shown):
        with db.reader() as tx:
            self.podm = tx.list(models.PodManager, name=name).one()
            where = {'podm_uuid': self.podm.uuid}
            self.nodes = tx.list(models.Node, **where).all()
            self.devices = tx.list(models.Device, **where).all()
            systems = tx.list(models.System, **where).all()
            self.findings = tx.list(
                models.Finding, state='open', **where
            ).all()
        self.parts = collections.defaultdict(set)
        inventory = {row.resource_uri for row in (*systems, *self.devices)}
        # What is built into a system is no part of its own.
        self.shown = {uri: shown[uri] & inventory for uri in shown}
        for row in (*systems, *self.devices):
            if row.node_uuid is not None:
                self.parts[row.node_uuid].add(row.resource_uri)
        self.lost = {node.uuid: self._lost(node) for node in self.nodes}

    @staticmethod
    def _lost(node):
        """What a node shows as lost: detached, and not attached again.

        It stays claimed, until it is detached once more.
        """
        with db.reader() as tx:
            errors = [
                row.error or ''
                for row in tx.list(models.Operation, target_uuid=node.uuid)
            ]
        if not any('not undone: detach_device' in one for one in errors):
            return set()
        return set((node.drift or {}).get('lost', ()))

    def problems(self):
        """Everything that is not as it has to be."""
        return [
            *itertools.chain.from_iterable(map(self._wrong, self.nodes)),
            *self._unknown(),
            *self._unowned(),
        ]

    def _wrong(self, node):
        """What is wrong with a node, and its claims and charges."""
        claimed = self.parts[node.uuid]
        there = self.shown.get(node.resource_uri)
        if node.provision_state == 'active':
            if there != claimed - self.lost[node.uuid]:
                yield f'{node.name}: {there} is there, {claimed} is claimed'
            yield from self._charged_wrong(node)
        elif node.provision_state != 'error':
            yield f'{node.name} is {node.provision_state}'
        elif not node.last_error:
            yield f'{node.name}: an error without a reason'
        elif there and not node.fault and there - claimed:
            # What an operation could not undo keeps its claims.
            yield f'{node.name}: {there - claimed} is there, not claimed'

    def _charged_wrong(self, node):
        with db.reader() as tx:
            held = allocations.of_node(tx, node.uuid)
            expected = quota.of_resources(tx, held).columns()
        charged = {name: getattr(node, name) for name in expected}
        if charged != expected:
            yield f'{node.name}: charged {charged}, claimed {expected}'

    def _unknown(self):
        """Compositions that nobody knows of."""
        known = {node.resource_uri for node in self.nodes}
        known.update(row.resource_uri for row in self.findings)
        for uri in self.shown.keys() - known:
            yield f'{uri} is there, and neither a node nor a finding'

    def _unowned(self):
        """Claims of parts that nothing on the pod uses."""
        uses = set().union(*self.shown.values())
        failed = {
            node.uuid for node in self.nodes if node.provision_state == 'error'
        }
        for owner, uris in self.parts.items():
            for uri in uris - uses - self.lost.get(owner, set()):
                if owner not in failed:
                    yield f'{uri} is claimed by {owner}, and free'
