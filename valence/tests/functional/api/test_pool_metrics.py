# SPDX-License-Identifier: Apache-2.0
import fixtures as base_fixtures

from valence import collectors
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.functional.api import test_metrics


class TestPools(test_metrics.MetricsCase):
    def test_pools(self):
        self.client.post('/v1/flavors', {'name': 'small', 'properties': {}})
        for number in range(3):
            body = {'name': f'p{number}', 'flavor': 'small', 'max_nodes': 4}
            self.client.post('/v1/pools', {**body, 'min_ready': 0})
        values = {'state': 'short', 'ready': 1, 'coming': 2, 'used': 3}
        db.update(models.Pool, values, name='p0')
        for name in ('p1', 'p2'):
            db.update(models.Pool, {'used': 0}, name=name)
        self.useFixture(
            base_fixtures.MonkeyPatch(f'{collectors.__name__}._MOST_POOLS', 2)
        )
        found = self.scrape()
        for state, number in (('short', 1), ('ok', 2), ('unknown', 0)):
            key = ('valence_pools', ('state', state))
            self.assertEqual(number, found[key], state)
        shown = {
            key[1:]: value
            for key, value in found.items()
            if key[0] == 'valence_pool_nodes'
        }
        self.assertEqual({'p0', 'p1'}, {dict(one)['pool'] for one in shown})
        p0 = (('pool', 'p0'), ('state', 'coming'))
        self.assertEqual(2, shown[p0])
        self.assertNotIn((('pool', 'p1'), ('state', 'ready')), shown)
