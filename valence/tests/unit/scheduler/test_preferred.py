# SPDX-License-Identifier: Apache-2.0
"""Traits that requests require, forbid and prefer, across pod managers."""

from valence.db import api as db
from valence.objects import requirements
from valence.scheduler import ranking
from valence.scheduler.request import Request
from valence.tests.unit.scheduler import test_ranking

_DDR5 = 'CUSTOM_MEMORY_DDR5'


class TestTraits(test_ranking.RankingCase):
    """One of the systems of b has other memory."""

    def setUp(self):
        super().setUp()
        self.uuid = self.systems('b')[1]['uuid']
        self.change_systems(
            {'memory_type': 'DDR5', 'memory_modules': []}, uuid=self.uuid
        )

    def choose(self, **traits):
        requested = requirements.normalize({'traits': traits})
        with db.reader() as tx:
            return ranking.choose(tx, Request(requested)).system_uuid

    def test_required_and_forbidden(self):
        self.assertEqual(self.uuid, self.choose(required=[_DDR5]))
        self.assertNotEqual(self.uuid, self.choose(forbidden=[_DDR5]))
        self.assertEqual(
            {
                'a': (
                    'capacity',
                    f'none of 2 free systems fits: lacks trait {_DDR5}',
                )
            },
            self.rejections({'traits': {'required': [_DDR5]}}),
        )

    def test_preferred(self):
        for _ in range(4):
            self.assertEqual(self.uuid, self.choose(preferred=[_DDR5]))
        wanted = {'traits': {'preferred': [_DDR5]}}
        self.assertEqual(['b', 'a'], self.chosen(wanted))

    def test_preferred_where_there_is_none(self):
        self.assertIsNotNone(self.choose(preferred=['CUSTOM_NONE']))
