# SPDX-License-Identifier: Apache-2.0
"""A conductor that reserves what holds keep is killed at any point."""

from valence.conductor.reservations import look
from valence.conductor.reservations import worker
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.functional.conductor import test_reservations


class Killed(BaseException):
    """The process was killed."""


class TestKills(test_reservations.ReservationCase):
    """Whenever a conductor is killed, another one goes on."""

    def kill(self, name):
        """Have the next call of a function of ``look`` kill the process."""
        self.kill_call(look.rows, name, after=False)

    def kill_driver(self, method, after):
        self.kill_call(self.driver, method, after)

    def kill_call(self, owner, name, after):
        """Have the next call of a function kill the process.

        :param after: whether it has done its work by then.
        """
        original = getattr(owner, name)

        def killed(*args):
            if after:
                original(*args)
            raise Killed

        setattr(owner, name, killed)
        self.restore = lambda: setattr(owner, name, original)
        self.addCleanup(self.restore)

    def points(self, *methods):
        yield lambda: self.kill('store')
        yield lambda: self.kill('delete')
        for method in methods:
            for after in (False, True):
                yield lambda m=method, a=after: self.kill_driver(m, a)

    def setUp(self):
        super().setUp()
        podm = db.get(models.PodManager, name='pod')
        self.driver = self.conductor.drivers.get(podm)

    def die(self):
        """Work until it is killed; whether it was."""
        podm = db.get(models.PodManager, name='pod')
        try:
            worker.work(podm, self.driver)
        except Killed:
            return True
        finally:
            self.restore()
        return False

    def test_kills_while_it_is_reserved(self):
        for point in self.points('reserve'):
            self.fake.calls.clear()
            self.hold()
            point()
            self.die()
            self.looks(2)
            self.assertEqual(1, len(self.reserved()), point)
            self.assertLessEqual(self.fake.calls['reserve'], 2)
            self.assertEqual('reserved', self.row().state)
            self.client.delete('/v1/holds/keep')
            self.looks(3)
            self.assertFreed()

    def test_kills_while_it_is_given_back(self):
        for point in self.points('unreserve', 'list_reservations'):
            self.hold()
            self.look()
            self.client.delete('/v1/holds/keep')
            point()
            self.die()
            self.looks(3)
            self.assertFreed()

    def test_a_use_after_a_kill(self):
        for after in (False, True):
            self.hold()
            self.kill_driver('reserve', after)
            self.assertTrue(self.die())
            self.assertEqual('sending', self.row().state)
            name = f'node-{after}'
            operation = self.use(name=name).json['operation_uuid']
            self.conductor.work()
            self.assertEqual('sending', self.row().state)
            self.look(1000)
            self.conductor.finish(operation)
            node = self.client.get(f'/v1/nodes/{name}')
            self.assertEqual('active', node['provision_state'])
            self.looks(2)
            self.assertFreed()

    def test_what_is_claimed_is_left_alone(self):
        self.hold()
        claims = look.rows.claim(self.row().podm_uuid, 30)
        self.assertEqual(1, len(claims))
        self.look()
        self.assertEqual(0, self.fake.calls['reserve'])
        self.look(1000)
        # What the first one stores now is too late.
        look.rows.store(claims[0], {'state': 'pending'}, 0)
        self.assertEqual('reserved', self.row().state)
