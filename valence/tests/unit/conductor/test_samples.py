# SPDX-License-Identifier: Apache-2.0
"""What the capacity was, sampled by one of the conductors."""

import datetime

from valence.conductor import membership
from valence.conductor import samples
from valence.db import api as db
from valence.db import capacity
from valence.db import purge
from valence.tests import base

_HOUR = 3600


class _Nobody:
    def get_nodes(self, key):
        return set()


class TestSampler(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.sampler = samples.Sampler(self.conductor.lease)

    def taken(self):
        return self.client.get('/v1/capacity_samples?sort_dir=asc')[
            'capacity_samples'
        ]

    def after(self, seconds):
        self.clock.advance(seconds)
        self.conductor.lease.renew()
        self.sampler.tick()

    def test_one_an_hour(self):
        self.sampler.tick()
        self.pod()
        self.after(_HOUR)
        for _ in range(3):
            self.after(61)
        empty, full = self.taken()
        self.assertEqual(
            ['2026-01-02T03:00:00Z', '2026-01-02T04:00:00Z'],
            [empty['taken_at'], full['taken_at']],
        )
        self.assertEqual((0, {}), (empty['systems'], empty['devices']))
        now = self.client.get('/v1/capacity')['capacity']
        for name in ('systems', 'cpu_cores', 'memory_mib'):
            self.assertGreater(now[name]['total'], 0)
            self.assertEqual(
                now[name],
                {
                    part: full[f'{prefix}{name}']
                    for part, prefix in (
                        ('total', ''),
                        ('free', 'free_'),
                        ('held', 'held_'),
                    )
                },
            )
        self.assertEqual(
            {kind: one['total'] for kind, one in now['devices'].items()},
            {kind: one['total'] for kind, one in full['devices'].items()},
        )

    def test_what_is_asked_for(self):
        self.sampler.tick()
        self.after(_HOUR)
        (one,) = self.client.get(
            '/v1/capacity_samples?taken_at=gt:2026-01-02T03:00:00Z'
        )['capacity_samples']
        path = f'/v1/capacity_samples/{one["uuid"]}'
        self.assertEqual(one, self.client.get(path))

    def test_several_conductors(self):
        self.sampler.tick()
        samples.Sampler(self.conductor.lease).tick()
        self.assertEqual(1, len(self.taken()))

    def test_two_that_store_the_same(self):
        taken_at = datetime.datetime(2026, 1, 2)
        with db.reader() as tx:
            found = capacity._overall(tx)
        for _ in range(2):
            capacity._store(taken_at, found)
        self.assertEqual(1, len(self.taken()))

    def test_another_conductor_has_to(self):
        self.patch(membership, 'ring', _Nobody)
        self.sampler.tick()
        self.assertEqual([], self.taken())

    def test_not_while_the_conductor_is_not_registered(self):
        self.conductor.lease.end()
        self.sampler.tick()
        self.assertEqual([], self.taken())

    def test_off(self):
        self.conf.set(capacity__sample_interval=0)
        self.sampler.tick()
        self.assertEqual([], self.taken())

    def test_old_ones_are_purged(self):
        self.sampler.tick()
        self.after(_HOUR)
        purge.batch(db.now() - datetime.timedelta(minutes=30))
        self.assertEqual(
            ['2026-01-02T04:00:00Z'],
            [one['taken_at'] for one in self.taken()],
        )
