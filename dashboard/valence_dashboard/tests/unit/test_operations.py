# SPDX-License-Identifier: Apache-2.0
"""What lists of operations tell."""

import types

import fixtures
from keystoneauth1 import exceptions

from valence_dashboard import api
from valence_dashboard import operations
from valence_dashboard.tests.unit import fakes

_UUID = '00000000-0000-4000-8000-00000000000{}'


def _operation(number, **values):
    return {
        **{'uuid': _UUID.format(number), 'action': 'reset', 'params': {}},
        **{'state': 'succeeded', 'target_type': 'nodes', 'user_id': None},
        **{'target_uuid': _UUID.format(9), **values},
    }


class Operations(fakes.TestCase):
    def setUp(self):
        super().setUp()
        self.asked_users = []
        self.useFixture(
            fixtures.MonkeyPatch(
                'openstack_dashboard.api.keystone.user_get', self.user_get
            )
        )

    def user_get(self, request, user_id, admin=True):
        self.assertFalse(admin)
        self.asked_users.append(user_id)
        if user_id == 'gone':
            raise exceptions.NotFound
        return types.SimpleNamespace(name=f'<b>{user_id}')

    def test_who_what_and_how_long(self):
        self.answers['operations'] = {
            'operations': [
                _operation(
                    1,
                    params={'type': 'ForceOff'},
                    user_id='ann',
                    started_at='2026-01-31T12:00:00Z',
                    finished_at='2026-01-31T12:02:05.5Z',
                ),
                _operation(2, user_id='gone'),
                _operation(3, user_id='ann'),
            ]
        }
        page = self.page('/admin/operations/')
        self.assertIn('Force off', page)
        self.assertIn('&lt;b&gt;ann', page)
        self.assertIn('gone', page)
        self.assertIn('2 min 6 s', page)
        self.assertEqual(['ann', 'gone'], self.asked_users)

    def test_what_was_requested(self):
        for action, params, text in (
            ('reset', {'type': 'GracefulRestart'}, 'Graceful restart'),
            ('reset', {}, '-'),
            ('boot', {'target': 'Pxe', 'enabled': 'Once'}, 'Pxe, Once'),
            ('attach', {'device': _UUID.format(4)}, _UUID.format(4)),
            ('sync', {}, '-'),
            ('release', {'force': True}, '<div>Force: Yes</div>'),
        ):
            found = api.Record(_operation(1, action=action, params=params))
            self.assertEqual(text, str(operations.requested(found)), action)

    def test_durations(self):
        for ended, text in (
            ('2026-01-31T12:00:00.25Z', '0.2 s'),
            ('2026-01-31T12:00:59Z', '59 s'),
            ('2026-01-31T12:10:00Z', '10 min 0 s'),
            ('2026-01-31T15:01:00Z', '3 h 1 min'),
            ('2026-01-31T11:00:00Z', '0 s'),
        ):
            found = api.Record(
                _operation(
                    1, started_at='2026-01-31T12:00:00Z', finished_at=ended
                )
            )
            self.assertEqual(text, operations.duration(found))
        self.assertEqual('-', operations.duration(api.Record(_operation(1))))
