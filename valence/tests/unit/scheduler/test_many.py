# SPDX-License-Identifier: Apache-2.0
"""Of many pod managers without suitable hardware some are listed."""

from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.scheduler import availability
from valence.scheduler import ranking
from valence.scheduler.request import Request
from valence.tests.unit.scheduler import test_ranking

_CORES = {'processor': {'total_cores': 512}}
_DRIVES = {'storage': [{'count': 99}]}


class TestMany(test_ranking.RankingCase):
    def setUp(self):
        super().setUp()
        self.patch(ranking, 'LISTED', 1)

    def refusal(self, requested, **more):
        request = Request(requirements.normalize(requested), **more)
        with db.reader() as tx:
            return self.assertRaises(
                exception.NoCapacity, ranking.choose, tx, request
            )

    def test_the_nearest_is_listed(self):
        for name in ('b', 'a'):
            self.change_systems({'cpu_cores': 256}, podm_uuid=self.uuids[name])
            found = self.rank(_CORES)
            listed = [one.podm_uuid for one in found.rejections]
            self.assertEqual([self.uuids[name]], listed)
            other = {*self.uuids.values()} - {*listed}
            self.assertEqual(other, {*found.unlisted})
            self.change_systems({'cpu_cores': 8}, podm_uuid=self.uuids[name])

    def test_all_of_them_are_counted(self):
        error = self.refusal(_CORES)
        self.assertIn(
            'looked at 2 pod managers and 4 free systems: '
            '4 systems: less than 512 CPU cores',
            str(error),
        )
        self.assertIn('1 more pod manager', error.user_message)
        error = self.refusal(_DRIVES)
        self.assertIn('2 pod managers and 4 free systems: 4', str(error))

    def test_what_conditions_and_filters_reject_is_not_counted(self):
        self.change('a', status='offline')
        error = self.refusal(_CORES)
        self.assertIn('2 pod managers and 2 free systems', str(error))
        self.assertEqual([], self.rank(_CORES).unlisted)

    def test_an_amount_that_is_nowhere_is_not_compared(self):
        """A query finds out that there are too few devices."""
        compared = []
        add = availability.Reader._add

        def spy(*args):
            compared.append(args)
            return add(*args)

        self.patch(availability.Reader, '_add', spy)
        self.refusal(_DRIVES)
        podms = {row.podm_uuid for _, _, row in compared}
        self.assertEqual(1, len(podms))

    def test_the_api(self):
        found = self.client.post('/v1/nodes/preview', {'properties': _CORES})
        self.assertEqual((1, 1), (len(found['rejections']), found['unlisted']))
        for name in ('a', 'b'):
            self.change(name, status='offline')
        found = self.client.post('/v1/nodes/preview', {'properties': _CORES})
        self.assertEqual((1, 1), (len(found['rejections']), found['unlisted']))
        db.update(models.PodManager, {'status': 'online'})
        fits = self.client.post('/v1/nodes/preview', {})
        self.assertEqual((2, 0), (len(fits['candidates']), fits['unlisted']))
