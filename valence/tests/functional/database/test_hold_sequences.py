# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to holds, each part has one holder, and all ends free."""

import datetime
import random

from hypothesis import stateful
from hypothesis import strategies as st

from valence import holds
from valence import quota
from valence.conductor import leases
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests.functional.database import sequences

_SYSTEMS = 50 if base.FULL else 6
_SEQUENCES = 10_000 if base.FULL else 8
_STEPS = 12
_SMALL = st.integers(0, 11)
_COUNTS = st.integers(1, 3)
_SECONDS = st.sampled_from((1, 60, 600))
_NAMES = st.sampled_from('abcd')


class Machine(sequences.Machine):
    """Users of holds and leases, time, and conductors."""

    def __init__(self):
        super().__init__()
        self._begun = []

    def _ask(self, method, path, body=None):
        answer = self.case.client.request(method, f'/v1/{path}', body)
        assert answer.status < 500, (method, path, body, answer)
        return answer

    def _some(self, model, number, **where):
        rows = self._rows(model, **where)
        return rows[number % len(rows)] if rows else None

    @stateful.rule(name=_NAMES, count=_COUNTS, seconds=_SECONDS)
    def hold(self, name, count, seconds):
        body = {'name': name, 'count': count, 'seconds': seconds}
        answer = self._ask('POST', 'holds', body)
        assert answer.status in (201, 409), answer

    @stateful.rule(name=_NAMES, lease=st.booleans())
    def use(self, name, lease):
        """Use a place of a hold: the node gets it, or the hold is over."""
        hold = db.get(models.Hold, name=name)
        body = {'name': f'n{random.getrandbits(40)}', 'hold': name}
        if lease:
            until = self.case.clock.now() + datetime.timedelta(seconds=90)
            body['lease_until'] = f'{until:%Y-%m-%dT%H:%M:%SZ}'
            body['lease_end'] = 'release'
        answer = self._ask('POST', 'nodes', body)
        if answer.status == 202:
            with db.reader() as tx:
                node = answer.json['uuid']
                parts = tx.count(models.Allocation, node_uuid=node)
            assert parts == 1, answer
        elif hold is not None and hold.expires_at <= db.now():
            assert answer.status == 409, answer

    @stateful.rule(name=_NAMES, seconds=_SECONDS)
    def extend(self, name, seconds):
        self._ask('PATCH', f'holds/{name}', {'seconds': seconds})

    @stateful.rule(name=_NAMES)
    def end(self, name):
        self._ask('DELETE', f'holds/{name}')

    @stateful.rule(seconds=_SECONDS, swept=st.booleans())
    def wait(self, seconds, swept):
        self.case.clock.advance(seconds)
        if swept:
            holds.sweep()
            leases.sweep()

    @stateful.rule(number=_SMALL)
    def release(self, number):
        node = self._some(models.Node, number)
        if node is not None:
            self._ask('DELETE', f'nodes/{node.uuid}')

    @stateful.rule(number=_SMALL)
    def cancel(self, number):
        found = self._some(
            models.Operation, number, state=('pending', 'running')
        )
        if found is not None:
            self._ask('DELETE', f'operations/{found.uuid}')

    @stateful.rule(steps=st.integers(1, 4), dies=st.booleans())
    def work(self, steps, dies):
        """Go on with an operation; the conductor may be killed then."""
        run = self.case.conductor.claim()
        if run is not None:
            self.case.conductor.step(run, steps)
            self._begun.append(run)
        if dies:
            self.case.conductor.die()
            self._begun.clear()

    @stateful.rule()
    def settle(self):
        # A conductor that lives goes on with what it has begun.
        self.case.conductor.lease.renew()
        while self._begun:
            self.case.conductor.run(self._begun.pop())
        self.case.conductor.settle()

    @stateful.invariant()
    def one_holder(self):
        """What a hold has is what it says, and what it is charged."""
        for hold in self._rows(models.Hold):
            uuids = {one['system_uuid'] for one in hold.places}
            with db.reader() as tx:
                claims = tx.list(models.Allocation, hold_uuid=hold.uuid).all()
                charge = quota.of_resources(tx, uuids, len(uuids))
            assert {row.resource_uuid for row in claims} == uuids, hold
            assert hold.remaining == len(uuids), hold
            charged = hold.charged_cores, hold.charged_memory_mib
            assert charged == (charge.cores, charge.memory), hold
            spans = self._rows(
                models.UsageSpan, hold_uuid=hold.uuid, closed_at=None
            )
            assert {one.resource_uuid for one in spans} == uuids, hold

    def teardown(self):
        self.settle()
        for hold in self._rows(models.Hold):
            self._ask('DELETE', f'holds/{hold.uuid}')
        for node in self._rows(models.Node):
            self._ask('DELETE', f'nodes/{node.uuid}')
        self.case.conductor.settle()
        self.case.assertFree()


class TestSequences(sequences.SequencesTestCase):
    options = {
        'fake__systems': _SYSTEMS,
        'fake__devices': 0,
        'hold__max_per_project': 100,
    }
    gone = (models.Node, models.Allocation, models.Hold)

    def test_sequences(self):
        self.pod()
        self.run_sequences(Machine, _SEQUENCES, _STEPS)


class TestSequencesMySQL(TestSequences):
    backend = 'mysql'
