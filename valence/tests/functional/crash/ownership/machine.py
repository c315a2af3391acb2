# SPDX-License-Identifier: Apache-2.0
"""All that may happen to hardware that Valence shares with others."""

from hypothesis import stateful
from hypothesis import strategies as st

from valence.conductor import states
from valence.db.sqlalchemy import models

_SMALL = st.integers(0, 11)
_DEATHS = st.none() | st.tuples(st.integers(0, 2), st.booleans())
# How often each of the things that may happen is chosen.
_WEIGHTS = {
    **dict.fromkeys(('compose', 'step', 'settle'), 4),
    **dict.fromkeys(('reset', 'release', 'attach', 'take_over', 'work'), 3),
    **dict.fromkeys(('boot', 'detach', 'cancel', 'sync', 'look'), 2),
    **dict.fromkeys(('adopt', 'settle_finding', 'intrude', 'take_away'), 2),
    **dict.fromkeys(('lie',), 3),
    **dict.fromkeys(('move', 'spell', 'number', 'fail', 'dump'), 1),
    **dict.fromkeys(('restore', 'die', 'give_up', 'restart'), 1),
    **dict.fromkeys(('replace', 'remove'), 1),
}
_NAMES = [name for name, often in _WEIGHTS.items() for _ in range(often)]


class Machine(stateful.RuleBasedStateMachine):
    """Users, administrators, strangers, pods and conductors.

    :cvar case: the test case that everything happens in.
    :cvar steps: how many there were.
    """

    case = None
    steps = 0

    def __init__(self):
        super().__init__()
        self.case.begin()
        self._count = 0
        self._dumps = []

    def _new_name(self):
        self._count += 1
        return f'n{self._count}'

    def _row(self, model, number, **where):
        found = self.case.rows(model, **where)
        return found[number % len(found)] if found else None

    def _ask(self, method, path, body=None):
        answer = self.case.client.request(method, f'/v1/{path}', body)
        assert answer.status < 500, (method, path, body, answer)

    @stateful.rule(
        what=st.sampled_from(_NAMES),
        pod=_SMALL,
        number=_SMALL,
        at=_DEATHS,
        now=st.booleans(),
    )
    def do(self, what, pod, number, at, now):
        """Have something happen, and maybe all of its consequences.

        It is one rule, because Hypothesis leaves out some of several rules in
        each example, and what matters needs many of them.

        :param at: where the conductor dies.
        """
        pods = self.case.pods
        if what in ('step', 'settle', 'work'):
            self.case.step(number, at) or self.case.wait()
        getattr(self, f'_{what}')(pods[pod % len(pods)], number)
        if now and what in ('compose', 'reset', 'release', 'attach', 'adopt'):
            self.case.settle()

    # Users

    def _compose(self, pod, number):
        body = {'name': self._new_name(), 'pod_manager': pod.name}
        if number % 2:
            body['properties'] = {'storage': [{'count': 1}]}
        self._ask('POST', 'nodes', body)

    def _node(self, number):
        return self._row(models.Node, number)

    def _act(self, number, name, **values):
        node = self._node(number)
        if node is not None:
            path = f'nodes/{node.uuid}/action'
            self._ask('POST', path, {name: values})

    def _reset(self, pod, number):
        kind = ('On', 'ForceOff', 'ForceRestart')[number % 3]
        self._act(number, 'Reset', Type=kind)

    def _boot(self, pod, number):
        self._act(number, 'Boot', Enabled='Once', Target='Pxe')

    def _attach(self, pod, number):
        node = self._node(number)
        device = node and self._row(
            models.Device, number, podm_uuid=node.podm_uuid, node_uuid=None
        )
        if device is not None:
            self._act(number, 'attach', resource_id=device.uuid)

    def _detach(self, pod, number):
        node = self._node(number)
        device = node and self._row(models.Device, number, node_uuid=node.uuid)
        if device is not None:
            self._act(number, 'detach', resource_id=device.uuid)

    def _release(self, pod, number):
        node = self._node(number)
        if node is not None:
            self._ask('DELETE', f'nodes/{node.uuid}')

    def _cancel(self, pod, number):
        found = self._row(models.Operation, number, state=states.OPEN)
        if found is not None:
            self._ask('DELETE', f'operations/{found.uuid}')

    # The conductor

    def _step(self, pod, number):
        """Just one step: see ``do``."""

    def _work(self, pod, number):
        for _ in range(number):
            if not self.case.step(number):
                self.case.wait()

    def _settle(self, pod, number):
        self.case.settle()

    def _die(self, pod, number):
        self.case.die()

    # Administrators

    def _sync(self, pod, number):
        self._ask('POST', f'pod_managers/{pod.name}/sync')

    def _look(self, pod, number):
        self.case.pass_time((1, 30, 700)[number % 3])
        self.case.look()

    def _adopt(self, pod, number):
        if uris := pod.shown():
            body = {
                'name': self._new_name(),
                'pod_manager': pod.name,
                'resource_uri': uris[number % len(uris)],
            }
            self._ask('POST', 'nodes/manage', body)

    def _settle_finding(self, pod, number):
        row = self._row(models.Finding, number, state='open')
        if row is None:
            return
        how = ('adopt', 'adopt', 'release', 'forget')[number % 4]
        if how == 'release' and not self.case.owners.may_release(row):
            return
        body = {'name': self._new_name()} if how == 'adopt' else {}
        self._ask('POST', f'findings/{row.uuid}/action', {how: body})

    # Strangers and odd pods

    def _intrude(self, pod, number):
        part = None
        podm = self._row(models.PodManager, 0, name=pod.name)
        if podm is not None and number % 2:
            system = self._row(models.System, number, podm_uuid=podm.uuid)
            part = system and system.resource_uri
        pod.intrude(marked=number > 5, part=part)

    def _lie(self, pod, number):
        """Have a pod name what a stranger made as what it composed."""
        pod.intrude(marked=number > 5)
        if uris := pod.shown():
            pod.lie(uris[-1])

    def _take_away(self, pod, number):
        if uris := pod.shown():
            pod.take_away(uris[number % len(uris)])

    def _take_over(self, pod, number):
        """Have a stranger use the URI, and the system, of one of our nodes."""
        node = self._node(number)
        for pod in self.case.pods:
            if node is not None and node.resource_uri in pod.shown():
                pod.number('reuse')
                pod.take_away(node.resource_uri)
                pod.intrude(marked=number > 5)
                break

    def _move(self, pod, number):
        podm = self._row(models.PodManager, 0, name=pod.name)
        device = podm and self._row(models.Device, number, podm_uuid=podm.uuid)
        if device and (uris := pod.shown()):
            pod.move(device.resource_uri, uris[number % len(uris)])

    def _spell(self, pod, number):
        pod.spell(number)

    def _number(self, pod, number):
        pod.number(('new', 'restart', 'reuse')[number % 3])

    def _fail(self, pod, number):
        uris = pod.shown()
        pod.fail(number, uris[number % len(uris)] if uris else None)

    # Disasters

    def _restart(self, pod, number):
        pod.restart(forget=number > 9)

    def _replace(self, pod, number):
        pod.replace(number)

    def _dump(self, pod, number):
        if not self._dumps:
            self._dumps.append(self.case.dump())

    def _restore(self, pod, number):
        if self._dumps:
            self.case.restore(self._dumps.pop())

    def _give_up(self, pod, number):
        found = self._row(models.Node, number)
        if found is not None:
            self._ask('DELETE', f'nodes/{found.uuid}?force=true')

    def _remove(self, pod, number):
        """Delete a pod manager with all its nodes, and register it again."""
        path = f'pod_managers/{pod.name}?cascade=true&force=true'
        self._ask('DELETE', path)
        self.case.settle()
        self.case.register_pod(pod)
        self.case.look()

    # What has to be true

    @stateful.invariant()
    def consistent(self):
        type(self).steps += 1
        self.case.check()

    def teardown(self):
        for pod in self.case.pods:
            pod.heal()
        self.case.settle()
        self.case.check()


def machine_of(case):
    """A machine that does everything to the pods of a test case."""
    return type('Machine', (Machine,), {'case': case})
