# SPDX-License-Identifier: Apache-2.0
"""Which texts requirements can have."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.scheduler import choices
from valence.tests import base


class TestChoices(base.ConductorTestCase):
    """Three systems with two processors, and two pooled drives."""

    def setUp(self):
        super().setUp()
        self.pod()
        self.compose('n', properties={'storage': [{'pooled': True}]})

    def choices(self):
        return self.client.get('/v1/flavors/choices')['choices']

    def test_systems_and_parts_are_counted(self):
        found = self.choices()
        self.assertEqual(
            [{'value': 'Fake 8', 'total': 3, 'free': 2}],
            found['processor']['model'],
        )
        self.assertEqual(
            ['x86', 'x86-64'],
            [one['value'] for one in found['processor']['architecture']],
        )
        self.assertEqual(
            [{'value': 'DDR4', 'total': 3, 'free': 2}], found['memory']['type']
        )
        # Local drives, and pooled ones.
        self.assertEqual(
            [{'value': 'fake drive', 'total': 5, 'free': 3}],
            found['storage']['model'],
        )
        self.assertEqual([], found['pci_devices']['type'])
        self.assertEqual({}, found['network'])

    def test_members_see_what_is_free_for_them(self):
        with db.reader() as tx:
            found = choices.of_project(tx, 'p')
        self.assertEqual(
            [{'value': 'Fake 8', 'total': None, 'free': 2}],
            found['processor']['model'],
        )
        db.update(models.PodManager, {'is_public': False}, name='pod')
        with db.reader() as tx:
            found = choices.of_project(tx, 'p')
        self.assertEqual([], found['processor']['model'])
        podm = db.get(models.PodManager, name='pod')
        db.create(models.PodManagerAccess, podm_uuid=podm.uuid, project_id='p')
        with db.reader() as tx:
            found = choices.of_project(tx, 'p')
        self.assertEqual(2, found['processor']['model'][0]['free'])

    def test_what_is_reserved_is_free_for_its_project(self):
        db.update(models.Count, {'reserved_to': 'p'}, free=2)
        with db.reader() as tx:
            ours, theirs = (
                choices.of_all(tx, project)['processor']['model'][0]['free']
                for project in ('p', 'q')
            )
        self.assertEqual((2, 0), (ours, theirs))
