# SPDX-License-Identifier: Apache-2.0
"""What is read of the notifications of Nova, and what is not."""

import copy
import datetime

from valence.provisioning.nova import notices
from valence.tests import base
from valence.tests.fixtures import nova_notices

_SENT = '2026-01-02 03:04:05.678901'
_AT = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)


class TestNotices(base.TestCase):
    def setUp(self):
        super().setUp()
        self.payload = nova_notices.payload()

    def read(self, sent_at=_SENT, **changes):
        return notices.read({**self.payload, **changes}, sent_at)

    def test_what_nova_34_sends(self):
        self.assertEqual(
            notices.Lack(
                instance_uuid=nova_notices.INSTANCE,
                project_id='1' * 32,
                flavor_uuid=nova_notices.FLAVOR,
                classes=frozenset({'CUSTOM_SMALL'}),
                sent_at=_AT,
            ),
            self.read(),
        )

    def test_a_versioned_flavor(self):
        spec = self.payload['request_spec']
        spec['instance_type'] = {
            'nova_object.name': 'Flavor',
            'nova_object.data': spec['instance_type'],
        }
        self.assertEqual({'CUSTOM_SMALL'}, self.read().classes)

    def test_other_reasons(self):
        for reason in (
            'Exceeded maximum number of retries.',
            {'class': 'PortInUse'},
            '',
        ):
            self.assertIsNone(self.read(reason=reason))
        plain = 'No valid host was found. There are not enough hosts.'
        self.assertIsNotNone(self.read(reason=plain))

    def test_a_flavor_of_others(self):
        flavor = self.payload['request_spec']['instance_type']
        flavor |= {'flavorid': 'm1.small', 'extra_specs': None}
        lack = self.read()
        self.assertEqual((None, frozenset()), (lack.flavor_uuid, lack.classes))

    def test_times(self):
        for text in ('2026-01-02T04:04:05.678901+01:00', _SENT):
            self.assertEqual(_AT, self.read(text).sent_at)
        for text in (None, 5, 'yesterday', '0001-01-01T00:00:00+14:00'):
            self.assertRaises(notices.NotUnderstood, self.read, text)

    def test_hostile(self):
        for payload in (None, [], 'x', 7, {}, {'reason': None}):
            self.assertRaises(
                notices.NotUnderstood, notices.read, payload, _SENT
            )
        for path in _paths(self.payload):
            for value in (None, [], {}, 7, 'x', 'x' * 10000, ['a'] * 3):
                changed = copy.deepcopy(self.payload)
                *parents, last = path
                place = changed
                for name in parents:
                    place = place[name]
                place[last] = value
                try:
                    notices.read(changed, _SENT)
                except notices.NotUnderstood as exc:
                    self.assertLess(len(str(exc)), 30)

    def test_many_extra_specs(self):
        flavor = self.payload['request_spec']['instance_type']
        flavor['extra_specs'] = {f'hw:{n}': 'x' for n in range(999)}
        self.assertRaises(notices.NotUnderstood, self.read)


def _paths(value, path=()):
    """Where something is in a payload."""
    for name, one in value.items():
        yield (*path, name)
        if isinstance(one, dict):
            yield from _paths(one, (*path, name))
