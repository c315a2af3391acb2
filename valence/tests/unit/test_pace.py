# SPDX-License-Identifier: Apache-2.0
"""When a pod manager at work is asked again."""

import uuid

from valence.conductor.engine import pace
from valence.tests import base


class Pace(base.TestCase):
    def setUp(self):
        super().setUp()
        self.podm = str(uuid.uuid4())

    def pause(self, age, advised=1.0, podm=None, step='assemble'):
        return pace.next_delay(podm or self.podm, step, age, advised)

    def test_intervals_start_short_and_grow(self):
        self.assertAlmostEqual(0.2, self.pause(0))
        self.assertAlmostEqual(0.2, self.pause(1))
        self.assertAlmostEqual(0.5, self.pause(5))

    def test_no_later_than_advised(self):
        self.assertAlmostEqual(1.0, self.pause(60))
        self.assertAlmostEqual(0.1, self.pause(60, advised=0.1))

    def test_no_poll_before_the_expected_end(self):
        for seconds in (12, 10, 11):
            pace.record_duration(self.podm, 'assemble', seconds)
        self.assertAlmostEqual(9.5, self.pause(0))
        self.assertAlmostEqual(5.5, self.pause(4))
        self.assertAlmostEqual(1.0, self.pause(10))
        self.assertAlmostEqual(0.2, self.pause(0, step='allocate'))
        self.assertAlmostEqual(0.2, self.pause(0, podm=str(uuid.uuid4())))

    def test_only_the_last_runs_count(self):
        pace.record_duration(self.podm, 'assemble', 3)
        for _ in range(5):
            pace.record_duration(self.podm, 'assemble', 20)
        self.assertAlmostEqual(19.0, self.pause(0))
