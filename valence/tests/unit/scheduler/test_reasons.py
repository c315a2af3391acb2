# SPDX-License-Identifier: Apache-2.0
"""What members of projects read where there is no hardware for a node."""

from valence import objects
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.scheduler import explanation
from valence.scheduler.request import Refused
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request
from valence.tests.unit.scheduler import test_ranking


class TestReasons(test_ranking.ChooseCase):
    def test_reasons_for_members_show_no_hardware(self):
        self.change('b', maintenance=True)
        wanted = {'processor': {'total_cores': 99}, 'memory': {'type': 'X'}}
        error = self.refusal(wanted)
        self.assertEqual(
            'No capacity: requested 99 CPU cores; memory type X: b: it is in '
            'maintenance; a: no free hardware has 99 CPU cores; memory type X',
            error.user_message,
        )

    def test_reasons_for_members_are_few(self):
        for number in range(1, 5):
            db.create(
                models.PodManager,
                **{
                    **objects.PodManager.defaults(),
                    'name': f'x{number}',
                    'url': f'http://x{number}',
                    'status': 'offline',
                },
            )
        error = self.refusal({'processor': {'total_cores': 99}})
        self.assertEqual(
            'No capacity: requested 99 CPU cores: x1, x2, x3 and 1 more: it '
            'is offline; a, b: no free hardware has 99 CPU cores',
            error.user_message,
        )

    def test_operators_see_rejected_combinations(self):
        refused = tuple(
            Refused(row['uuid'], 'sad')
            for name in 'ab'
            for row in self.systems(name)
        )
        error = self.refusal(refused=refused)
        self.assertIn('4 combinations: sad', str(error))
        self.assertEqual(
            'No capacity: requested any system: what was tried was refused by '
            'the pod manager; a, b: no free hardware meets the request',
            error.user_message,
        )

    def test_what_is_met(self):
        drive = {'type': 'SSD', 'count': 1}
        large = {'capacity_gib': 9000, 'count': 1}
        requested = {
            'processor': {'total_cores': 99, 'sockets': 1},
            'memory': {'capacity_mib': 1024},
            'traits': {'required': ['CUSTOM_X']},
            # The second of two equal drives is missing, too.
            'storage': [drive, large, drive],
        }
        nearest = {
            'processor': {'total_cores': 8, 'sockets': 1},
            'memory': {'capacity_mib': 1024},
            'storage': [drive],
        }
        self.assertEqual(
            (
                {
                    'processor': {'sockets': 1},
                    'memory': {'capacity_mib': 1024},
                    'storage': [drive],
                },
                {
                    'processor': {'total_cores': 99},
                    'traits': {'required': ['CUSTOM_X']},
                    'storage': [large, drive],
                },
            ),
            self.split(requested, nearest),
        )
        self.assertEqual(({}, requested), self.split(requested, None))
        self.assertEqual(({}, {}), self.split({}, {}))

    def split(self, requested, nearest):
        return explanation.split(
            Request(requested),
            Rejection('', '', explanation.CAPACITY, '', nearest=nearest),
        )
