# SPDX-License-Identifier: Apache-2.0
"""Which columns filters get, and that many candidates are read together."""

from valence.db import api as db
from valence.db import recount
from valence.db.sqlalchemy import models
from valence.scheduler import columns
from valence.scheduler import equals
from valence.scheduler import ranking
from valence.tests.unit.scheduler import test_ranking


class TestColumns(test_ranking.RankingCase):
    def test_filters(self):
        """Those of others read what they like; declared columns suffice."""
        read, plugins = [], ranking._plugins

        def undeclared(podm, request):
            read.append(podm.description)

        @columns.reads('location')
        def declared(podm, request):
            read.append((podm.location, hasattr(podm, 'description')))

        self.change('a', description='first', location='here')
        for function, expected in (
            (undeclared, 'first'),
            (declared, ('here', False)),
        ):
            mine = {'filters': {'mine': function}}
            self.patch(
                ranking,
                '_plugins',
                lambda kind, names, mine=mine: (
                    mine.get(kind) or plugins(kind, names)
                ),
            )
            self.conf.set(scheduler__filters=[str(expected)])
            self.assertTrue(self.chosen())
            self.assertIn(expected, read)
        ranking._filters.cache_clear()


class TestTogether(test_ranking.RankingCase):
    options = {'fake__systems': 3, 'fake__devices': 20}

    def singles(self):
        """Count what is read for one pod manager only."""
        single = []
        some = equals.Reader.some

        def spy(reader, model, one, *more):
            if one.count_uuid not in reader._ready:
                single.append(model)
            return some(reader, model, one, *more)

        self.patch(equals.Reader, 'some', spy)
        return single

    def test_devices(self):
        single = self.singles()
        for count in (1, 2, 3, 9):
            choices = self.rank({'storage': [{'count': count}]}).choices
            self.assertEqual(2, len({one.podm_uuid for one in choices}))
            for one in choices:
                rows = [
                    db.get(models.Device, uuid=uuid) for uuid in one.devices
                ]
                # Each system has a drive of its own.
                self.assertEqual(count - 1, len(rows))
                for row in rows:
                    self.assertEqual(one.podm_uuid, row.podm_uuid)
                    self.assertTrue(row.free)
            self.assertEqual([], single)

    def test_more_than_are_read_together(self):
        single = self.singles()
        for one in self.rank({'storage': [{'count': 10}]}).choices:
            self.assertEqual(9, len(one.devices))
        self.assertEqual({models.Device}, set(single))

    def test_what_is_reserved_is_read_by_itself(self):
        single = self.singles()
        for row in self.systems('a'):
            db.create(
                models.Allocation,
                resource_uuid=row['uuid'],
                podm_uuid=self.uuids['a'],
                reserved_to='p',
            )
        db.update(
            models.System,
            {'reserved_to': 'p', 'free': False},
            podm_uuid=self.uuids['a'],
        )
        recount.check(self.uuids['a'], repair=True)
        self.assertEqual({'a', 'b'}, set(self.chosen(project_id='p')))
        self.assertEqual([models.System], single)
        self.assertEqual(['b'], self.chosen(project_id='q'))
