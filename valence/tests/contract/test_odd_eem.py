# SPDX-License-Identifier: Apache-2.0
"""ExpEther Managers as odd as may be."""

from valence.common import exception
from valence.podmanagers.expether.driver import ExpEther
from valence.tests.contract import odd

_DETAIL = '/eem/devices/detail'
_UP = {'notification_status0': ['up'], 'notification_status1': ['down']}


class EemTestCase(odd.OddCase):
    def setUp(self):
        super().setUp()
        self.server = {'id': '1', 'status': 'eesv', 'group_id': '20', **_UP}
        self.box = {'id': '2', 'status': 'eeio', 'group_id': '20', **_UP}
        self.show([self.server, self.box])

    def connect(self, path='', **login):
        super().connect(path, **login)
        self.driver = ExpEther(self.connection)
        self.addCleanup(self.driver.close)

    def show(self, devices):
        self.pages[_DETAIL] = {'devices': devices}

    def assertWhole(self, seen):
        self.assertEqual(
            (['/eem/devices/1'], ['/eem/devices/2'], ['/eem/groups/20']),
            tuple(
                [one.uri for one in found]
                for found in (seen.systems, seen.devices, seen.nodes)
            ),
        )

    def test_lists_of_devices_in_every_form(self):
        self.assertWhole(self.discover())
        self.show({'a': self.server, 'b': self.box})
        self.assertWhole(self.discover())
        self.server['id'], self.box['id'] = 1, 2
        self.show([self.server, self.box])
        self.assertWhole(self.discover())
        self.show(self.server)
        self.assertEqual(1, len(self.discover().systems))
        for devices in (None, 7, 'none'):
            self.show(devices)
            self.assertRaises(
                exception.MalformedResponse, self.driver.discover, self.soon()
            )

    def test_devices_without_an_id(self):
        for device in ({}, None, 7, {'id': None}, {'id': '../x'}, {'id': ''}):
            self.show([self.server, self.box, device])
            seen = self.discover('1 devices have no ID')
            self.assertWhole(seen)
            self.assertEqual({'/eem/devices/', '/eem/groups/'}, seen.unread)

    def test_devices_of_an_unknown_kind(self):
        self.server['status'] = 'EESV'
        self.assertWhole(self.discover())
        for kind in ('eexx', None, 7, ['eesv']):
            self.server['status'] = kind
            seen = self.discover('/eem/devices/1: unknown kind of device')
            self.assertEqual({'/eem/devices/1', '/eem/groups/'}, seen.unread)
            self.assertEqual(1, len(seen.devices))
