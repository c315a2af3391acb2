# SPDX-License-Identifier: Apache-2.0
"""Pods that log each changing request, and the strangers that use them too.

A URI is used again, so a composition is known by a number of its own.
"""

import dataclasses
import importlib
import itertools

import fixtures as common_fixtures

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers import fake
from valence.tests import fixtures

# The package has a function of this name.
fake_pods = importlib.import_module('valence.podmanagers.fake.pod')

#: The methods of the fake driver that change hardware.
CHANGES = ('compose', 'release', 'reset', 'set_boot', 'attach', 'detach')
_STRANGER = Mark('00000000-0000-4000-8000-000000000000', 'ffffffffffff')
_SPELLINGS = ('plain', 'slash', 'absolute', 'prefix', 'encoded')
_MEMBERS = ('plain', 'slash', 'absolute', 'encoded')
_FAULTS = ('lost-answer', 'drop', 'status', 'fail-task', 'stranger')


@dataclasses.dataclass
class Composition:
    """Something composed on a pod.

    :param request: the number of the request that made it; None: a stranger
        did.
    :param gone_by: the number of the request that ended it, if one did.
    """

    id: int
    uri: str
    request: int | None
    gone_by: int | None = None


@dataclasses.dataclass
class Request:
    """A changing request.

    :param composition: what was at the URI that it was for, at that time.
    """

    id: int
    text: str
    composition: Composition | None


class Simulated:
    """A simulated pod manager."""

    def __init__(self, name, driver, simulator):
        self.name = name
        self.driver = driver
        self._simulator = simulator
        self.url = simulator.url

    def reset(self):
        """Be as at the start."""
        self._simulator.reset()

    def requests(self):
        """All changing requests so far."""
        return [
            Request(
                entry.id,
                f'{entry.method} {entry.path} {entry.body}: {entry.status}',
                entry.composition and self._shown(entry.composition),
            )
            for entry in self._simulator.ledger.entries
        ]

    def compositions(self):
        """All compositions so far, by number."""
        found = self._simulator.ledger.compositions
        return {one.id: self._shown(one) for one in found}

    @staticmethod
    def _shown(one):
        return Composition(one.id, one.uri, one.request, one.gone_by)

    def at(self, uri):
        """The composition at a URI."""
        found = self._simulator.ledger.at(uri)
        return found and self._shown(found)

    def shown(self):
        """The URIs of what is composed."""
        return sorted(
            one.uri
            for one in self._simulator.ledger.compositions
            if one.gone_at is None
        )

    def intrude(self, marked, part=None):
        """Compose like another client, of a part if it is free."""
        body = {'name': 'theirs'}
        if marked:
            body['description'] = str(_STRANGER)
        if part is not None:
            body['parts'] = [part]
        self._try('compose', body)

    def take_away(self, uri):
        """Decompose something like another client."""
        self._try('remove', uri)

    def move(self, part, uri):
        """Give a part to something else."""
        self._try('move', part, uri)

    def _try(self, name, *args):
        try:
            self._simulator.call(name, *args)
        except (ValueError, KeyError):
            # It is not possible now.
            return

    def restart(self, forget):
        """Lose what a service loses when it restarts."""
        self._simulator.call('restart', forget)

    def replace(self, number):
        """Be another service at the same URL."""
        self._simulator.replace(f'{self.name} {number}')

    def spell(self, number):
        """Write URIs in another way."""
        self._simulator.call(
            'set_options',
            location=_SPELLINGS[number % len(_SPELLINGS)],
            member_links=_MEMBERS[number // 2 % len(_MEMBERS)],
        )

    def number(self, ids):
        """Give IDs again, or not."""
        self._simulator.call('set_options', ids=ids)

    def fail(self, number, uri):
        """Have one of the next changing requests fail.

        :param uri: what is named as made by a faulty answer.
        """
        fault = _FAULTS[number % len(_FAULTS)]
        value = {'status': 503, 'fail-task': 'no', 'stranger': uri}
        if fault == 'stranger' and uri is None:
            return
        self._simulator.faults.add(
            path='/redfish/v1/(Nodes|Systems|CompositionService)',
            method='DELETE' if number % 2 and fault == 'drop' else 'POST',
            fault=fault,
            value=value.get(fault),
            count=1,
        )

    def lie(self, uri):
        """Name something else in the answer to a compose request."""
        self._simulator.faults.add(
            path='/redfish/v1/(Nodes|Systems)(/Actions/.*Allocate)?/?$',
            method='POST',
            fault='stranger',
            value=uri,
            count=1,
        )

    def heal(self):
        """Have nothing fail any more."""
        self._simulator.faults.remove(None)


class Faked:
    """A fake pod, whose log is kept here."""

    driver = 'fake'

    def __init__(self, name, watch):
        self.name = name
        self.url = f'http://{name}.fake'
        self._watch = watch

    @property
    def _pod(self):
        return fake.pod(self.url)

    def reset(self):
        """Be as at the start."""
        fake.forget()
        self._watch.forget()

    def requests(self):
        """All changing requests so far."""
        return self._watch.requests

    def compositions(self):
        """All compositions so far, by number."""
        for uri, node in self._pod.nodes.items():
            self._watch.known(uri, node)
        return self._watch.compositions

    def at(self, uri):
        """The composition at a URI."""
        node = self._pod.nodes.get(uri)
        return node and self._watch.known(uri, node)

    def shown(self):
        """The URIs of what is composed."""
        return sorted(self._pod.nodes)

    def intrude(self, marked, part=None):
        """Compose like another client, of a part if it is free."""
        free = [
            uri
            for uri in self._pod.hardware
            if uri.startswith('/systems/') and self._pod.is_free(uri)
        ]
        if part in free or (part is None and free):
            parts = [part or free[0]]
            uri = self._pod.new_uri('nodes')
            # Without a mark, it looks like what was there before.
            again = any(
                one.uri == uri for one in self._watch.compositions.values()
            )
            mark = _STRANGER if marked or again else None
            node = fake_pods.Node('theirs', mark, parts, 0.0)
            self._pod.nodes[uri] = node
            self._watch.known(uri, node)

    def take_away(self, uri):
        """Decompose something like another client."""
        self._pod.nodes.pop(uri, None)

    def move(self, part, uri):
        """Give a part to something else."""
        for node in self._pod.nodes.values():
            if part in node.resources[1:]:
                node.resources.remove(part)
        goal = self._pod.nodes.get(uri)
        if goal is not None and self._pod.is_free(part):
            goal.resources.append(part)

    def restart(self, forget):
        """Lose what a service loses when it restarts."""
        if forget:
            self._pod.nodes.clear()

    def replace(self, number):
        """Be another service at the same URL."""
        self._pod.nodes.clear()
        self._pod.uuid = f'00000000-0000-4000-8000-{number:012x}'

    def spell(self, number):
        """Write URIs in another way: it has only one."""

    def number(self, ids):
        """Give IDs again, or not."""
        self._watch.reuse = ids == 'reuse'

    def fail(self, number, uri):
        """Have the next call of a method fail."""
        method = CHANGES[number % len(CHANGES)]
        error = exception.PodManagerUnavailable(reason='a fault')
        self._pod.order(method, error, after=bool(number % 2))

    def lie(self, uri):
        """Name something else in an answer: it never does."""

    def heal(self):
        """Have nothing fail any more."""
        self._pod.heal()


class Watch(common_fixtures.Fixture):
    """A log of what the fake driver changes.

    :ivar before: called before each change, ``after`` behind it.
    :ivar reuse: whether a URI is used again as soon as it is free.
    """

    def __init__(self, before, after):
        self.before = before
        self.after = after

    def _setUp(self):
        self.forget()
        for name in CHANGES:
            self.useFixture(
                common_fixtures.MonkeyPatch(
                    f'valence.podmanagers.fake.driver.Fake.{name}',
                    self._logged(name, getattr(fake.Fake, name)),
                )
            )
        self.useFixture(
            common_fixtures.MockPatchObject(
                fake_pods.Pod,
                'new_uri',
                lambda pod, collection: self._new_uri(pod, collection),
            )
        )

    def forget(self):
        """Start afresh."""
        self.reuse = False
        self.requests = []
        self.compositions = {}
        self._nodes = []
        self._numbers = itertools.count(1)

    def known(self, uri, node, request=None):
        """The composition that a node of the pod is."""
        for number, one in self._nodes:
            if one is node:
                return self.compositions[number]
        number = len(self._nodes) + 1
        self._nodes.append((number, node))
        made = Composition(number, uri, request)
        self.compositions[number] = made
        return made

    def _new_uri(self, pod, collection):
        numbers = itertools.count(1) if self.reuse else self._numbers
        return next(
            uri
            for uri in (f'/{collection}/{number}' for number in numbers)
            if uri not in pod.nodes
        )

    def _logged(self, name, method):
        def call(driver, first, *args, **kwargs):
            self.before()
            pod = driver._pod
            at = None
            if name != 'compose' and first in pod.nodes:
                at = self.known(first, pod.nodes[first])
            number = len(self.requests) + 1
            self.requests.append(Request(number, f'{name} {first}', at))
            former = dict(pod.nodes)
            try:
                return method(driver, first, *args, **kwargs)
            finally:
                for uri in pod.nodes.keys() - former.keys():
                    self.known(uri, pod.nodes[uri], number)
                for uri in former.keys() - pod.nodes.keys():
                    self.known(uri, former[uri]).gone_by = number
                self.after()

        return call


def started(test, before, after, **options):
    """The three pods of a test.

    :param options: of both simulated pod managers, by name.
    """
    watch = test.useFixture(Watch(before, after))
    arguments = [
        word for name, value in options.items() for word in (name, *value)
    ]
    simulated = [
        Simulated(
            name,
            driver,
            test.useFixture(
                fixtures.LocalSimulator(
                    *('--personality', driver, '--seed', name),
                    *('--systems', 3, '--no-push', '--no-sse'),
                    *('--compose-seconds', 2, '--task-seconds', 1),
                    *arguments,
                )
            ),
        )
        for name, driver in (('rsd', 'rsd'), ('dmtf', 'redfish'))
    ]
    return [*simulated, Faked('fake', watch)]
