# SPDX-License-Identifier: Apache-2.0
"""Drives that requests name by their serial numbers."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.scheduler import ranking
from valence.scheduler.request import Refused
from valence.scheduler.request import Request
from valence.tests.unit.scheduler import test_ranking


class TestSerials(test_ranking.RankingCase):
    """Each of two pod managers has three equal drives."""

    options = {'fake__systems': 2, 'fake__devices': 3}

    def setUp(self):
        super().setUp()
        self.drives = {}
        for name, uuid in self.uuids.items():
            found = self.client.all(
                f'/v1/devices?pod_manager={name}&sort_key=name'
            )
            for number, row in enumerate(found):
                serial = f'{name}{number}'
                db.update(
                    models.Device, {'serial_number': serial}, uuid=row['uuid']
                )
                self.drives[row['uuid']] = serial
            self.assertEqual(3, len(found), uuid)

    def serials(self, *storage, **more):
        """The serial numbers of the drives of the best choice."""
        requested = requirements.normalize({'storage': [*storage]})
        with db.reader() as tx:
            choice = ranking.choose(tx, Request(requested, **more))
        return sorted(self.drives[uuid] for uuid in choice.devices)

    def test_a_drive_that_is_named(self):
        for number in range(3):
            serial = f'b{number}'
            self.assertEqual([serial], self.serials({'serial': serial}))
        self.assertEqual(['b'], self.chosen({'storage': [{'serial': 'b1'}]}))

    def test_any_of_several(self):
        both = {'storage': [{'serial': ['a2', 'b0', 'none']}]}
        self.assertEqual({'a', 'b'}, set(self.chosen(both)))

    def test_several_drives(self):
        wanted = {'serial': ['a2', 'a0'], 'count': 2}
        self.assertEqual(['a0', 'a2'], self.serials(wanted))
        # They are not counted twice: there is one more.
        pooled = {'pooled': True}
        self.assertEqual(['a0', 'a1', 'a2'], self.serials(wanted, pooled))
        both = {'storage': [wanted, {**pooled, 'count': 2}]}
        self.assertEqual([], self.chosen(both))
        # Those of one request are on one pod manager.
        self.assertEqual(
            [], self.chosen({'storage': [{'serial': 'a0'}, {'serial': 'b0'}]})
        )

    def test_a_refusal_names_what_is_missing(self):
        found = self.rejections({'storage': [{'serial': 'S9'}]})
        reason = (
            'none of 2 free systems fits: lacks 1 drive in a pool, '
            'serial number S9'
        )
        self.assertEqual(
            {name: ('capacity', reason) for name in ('a', 'b')}, found
        )

    def test_what_is_not_free(self):
        wanted = {'storage': [{'serial': 'a0'}]}
        db.update(models.Device, {'reserved_to': 'p'}, serial_number='a0')
        self.assertEqual([], self.chosen(wanted))
        self.assertEqual([], self.chosen(wanted, project_id='q'))
        self.assertEqual(['a'], self.chosen(wanted, project_id='p'))

    def test_what_was_refused_or_chosen(self):
        wanted = {'storage': [{'serial': 'a0'}]}
        with db.reader() as tx:
            request = Request(requirements.normalize(wanted))
            choice = ranking.choose(tx, request)
        self.assertEqual([], self.chosen(wanted, chosen=(choice,)))
        refused = Refused(
            choice.system_uuid,
            'no',
            frozenset(choice.devices),
            choice.podm_uuid,
        )
        with db.reader() as tx:
            request = Request(request.requirements, refused=(refused,))
            other = ranking.choose(tx, request)
        self.assertEqual(choice.devices, other.devices)
        self.assertNotEqual(choice.system_uuid, other.system_uuid)
