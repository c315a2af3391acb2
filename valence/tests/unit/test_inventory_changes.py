# SPDX-License-Identifier: Apache-2.0
"""What exactly is written of hardware that was seen, or was not."""

import datetime
import hashlib
import types

from valence.conductor.inventory import diff
from valence.podmanagers import hardware
from valence.tests import base

_NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)
_DAY = datetime.timedelta(days=1)
_SECOND = datetime.timedelta(seconds=1)


def _item(uri, parent=None, unknown=(), **values):
    return hardware.Item(
        uri=uri,
        parent=parent,
        values={'health': 'ok', **values},
        properties={'Id': uri},
        unknown=set(unknown),
    )


def _row(uuid, uri, **values):
    return types.SimpleNamespace(
        **{
            'uuid': uuid,
            'health': 'ok',
            'state': 'free',
            'properties': {'Id': uri},
            'resource_uri': uri,
            'uri_hash': diff.uri_hash(uri),
            'refreshed': False,
            'stale': False,
            'missing_since': None,
            'missed_syncs': 0,
            'synced_at': _NOW - _DAY,
            'seen_at': _NOW - _DAY,
            'chassis_uuid': None,
            'rack_uuid': None,
            **values,
        }
    )


def _diff(seen=(), stored=(), *, uuids=(), **more):
    found = diff.matches(seen, stored, ())
    reading = {
        'podm_uuid': 'podm',
        'uuids': {item.uri: f'uuid {item.uri}' for item in seen} | dict(uuids),
        'parent_column': 'chassis_uuid',
        'now': _NOW,
        **more,
    }
    return diff.diff(seen, stored, found, diff.Reading(**reading))


class TestCreate(base.TestCase):
    def test_all_of_it(self):
        (made,) = _diff([_item('/1', '/c')], uuids=[('/c', 'uuid c')]).create
        self.assertEqual(
            {
                'uuid': 'uuid /1',
                'podm_uuid': 'podm',
                'chassis_uuid': 'uuid c',
                'health': 'ok',
                'properties': {'Id': '/1'},
                'resource_uri': '/1',
                'uri_hash': hashlib.sha256(b'/1').hexdigest(),
                'refreshed': False,
                'stale': False,
                'missing_since': None,
                'missed_syncs': 0,
                'seen_at': _NOW,
            },
            made,
        )

    def test_the_parts_of_nodes_stand_in_racks(self):
        item = _item('/1', '/c')
        (made,) = _diff([item], racks={'/c': 'uuid r'}).create
        self.assertEqual('uuid r', made['rack_uuid'])
        self.assertIsNone(made['chassis_uuid'])
        (made,) = _diff([item], racks={}).create
        self.assertIsNone(made['rack_uuid'])

    def test_the_last_of_two_that_are_at_one_uri(self):
        (made,) = _diff([_item('/1'), _item('/1', health='bad')]).create
        self.assertEqual('bad', made['health'])

    def test_looked_at_alone(self):
        (made,) = _diff([_item('/1')], refreshed=True).create
        self.assertTrue(made['refreshed'])

    def test_not_all_could_be_read(self):
        (made,) = _diff([_item('/1', unknown=['health'])]).create
        self.assertTrue(made['stale'])
        self.assertEqual('ok', made['health'])


class TestUpdate(base.TestCase):
    def update(self, item, row, **more):
        """What is written on the row but the time of the look."""
        changes = _diff([item], [row], **more)
        self.assertEqual([], changes.create)
        self.assertEqual([], changes.delete)
        values = dict(changes.update.get('a', {}))
        if values and 'seen_at' in values:
            self.assertEqual(more.get('since') or _NOW, values.pop('seen_at'))
        return values

    def test_nothing(self):
        self.assertEqual({}, self.update(_item('/1'), _row('a', '/1')))
        changes = _diff([_item('/1')], [_row('a', '/1')])
        self.assertEqual({}, changes.update)

    def test_changed_values(self):
        item = _item('/1', '/c', health='bad')
        self.assertEqual(
            {'health': 'bad', 'chassis_uuid': 'c'},
            self.update(item, _row('a', '/1'), uuids=[('/c', 'c')]),
        )

    def test_bookkeeping_is_no_difference(self):
        row = _row('a', '/1', uri_hash='old')
        self.assertEqual({}, self.update(_item('/1'), row))

    def test_another_uri(self):
        row = _row('a', '/1')
        changes = diff.diff(
            [_item('/2')],
            [row],
            {'/2': row},
            diff.Reading(
                podm_uuid='podm',
                uuids={'/2': 'a'},
                parent_column='chassis_uuid',
                now=_NOW,
            ),
        )
        self.assertEqual(
            {
                'a': {
                    'resource_uri': '/2',
                    'uri_hash': diff.uri_hash('/2'),
                    'properties': {'Id': '/2'},
                    'seen_at': _NOW,
                }
            },
            changes.update,
        )

    def test_unknown_values_are_kept(self):
        item = _item('/1', unknown=['health'], health='bad')
        self.assertEqual({'stale': True}, self.update(item, _row('a', '/1')))

    def test_unread_parent_is_kept(self):
        row = _row('a', '/1', chassis_uuid='c', rack_uuid='r')
        racks = {}
        self.assertEqual(
            {'chassis_uuid': None, 'rack_uuid': None},
            self.update(_item('/1'), row, racks=racks),
        )
        for more in ({'hidden': ['c']}, {'refreshed': True}):
            self.assertEqual(
                {'refreshed': True} if 'refreshed' in more else {},
                self.update(_item('/1'), row, racks=racks, **more),
            )
        # It says itself where it is now.
        self.assertEqual(
            {'chassis_uuid': 'd', 'rack_uuid': 's'},
            self.update(
                _item('/1', '/d'),
                row,
                racks={'/d': 's'},
                hidden=['c'],
                uuids=[('/d', 'd')],
            ),
        )

    def test_a_chassis_that_another_one_hides(self):
        row = _row('a', '/1', parent_uuid='c')
        item = _item('/1')
        for hidden, values in ((['c'], {}), ([], {'parent_uuid': None})):
            self.assertEqual(
                values,
                self.update(
                    item, row, parent_column='parent_uuid', hidden=hidden
                ),
            )

    def test_newer_than_the_look(self):
        since = _NOW - _DAY / 2
        for synced_at, newer in (
            (since + _SECOND, True),
            (since, False),
            (since - _SECOND, False),
            (None, False),
        ):
            self.assertEqual(newer, diff.is_newer(synced_at, since))
            row = _row('a', '/1', synced_at=synced_at)
            values = self.update(_item('/1', health='bad'), row, since=since)
            self.assertEqual({} if newer else {'health': 'bad'}, values)
        self.assertFalse(diff.is_newer(since, None))

    def test_newer_but_not_knowing_what_contains_it(self):
        row = _row('a', '/1')
        item = _item('/1', '/c', health='bad')
        more = {'since': _NOW - 2 * _DAY, 'uuids': [('/c', 'c')]}
        self.assertEqual({'chassis_uuid': 'c'}, self.update(item, row, **more))
        self.assertEqual(
            {'chassis_uuid': 'c', 'rack_uuid': 'r'},
            self.update(item, row, racks={'/c': 'r'}, **more),
        )
        for known in ({'chassis_uuid': 'b'}, {}):
            row = _row('a', '/1', **known)
            item = _item('/1', '/c' if known else None)
            self.assertEqual({}, self.update(item, row, **more))


class TestMissing(base.TestCase):
    def update(self, **more):
        row = _row('a', '/1/2', **more)
        return _diff([], [row]).update.get('a')

    def test_for_the_first_time(self):
        for state, shown in (
            ('free', 'unavailable'),
            ('used', 'unavailable'),
            ('unavailable', 'unknown'),
            ('enabled', 'unknown'),
        ):
            self.assertEqual(
                {
                    'missed_syncs': 1,
                    'missing_since': _NOW,
                    'stale': True,
                    'refreshed': False,
                    'seen_at': _NOW - _DAY,
                    'state': shown,
                },
                self.update(state=state),
            )

    def test_again(self):
        for missed, values in (
            (1, {'missed_syncs': 2}),
            (2, {'missed_syncs': 3}),
            (3, None),
            (4, None),
        ):
            since = _NOW - _DAY / 2
            self.assertEqual(
                values,
                self.update(missed_syncs=missed, missing_since=since),
            )

    def test_often_and_long_enough(self):
        for missed, since, gone in (
            (2, _NOW - _DAY, True),
            (2, _NOW - _DAY + _SECOND, False),
            (1, _NOW - 9 * _DAY, False),
        ):
            row = _row('a', '/1', missed_syncs=missed, missing_since=since)
            self.assertEqual(gone, _diff([], [row]).delete == ['a'])
            changes = _diff([], [row], allocated=['a'])
            self.assertEqual([], changes.delete)
            self.assertEqual({'missed_syncs': missed + 1}, changes.update['a'])

    def test_one_that_could_not_be_read(self):
        for unread, values in (
            (
                ['/1'],
                {'stale': True, 'refreshed': False, 'seen_at': _NOW - _DAY},
            ),
            (['/1/2'], {'stale': True}),
            (['/1/'], {'stale': True}),
            (['/1/2/3'], {'state': 'unavailable'}),
            (['/1/22'], {'state': 'unavailable'}),
            (['/1X'], {'state': 'unavailable'}),
        ):
            row = _row('a', '/1/2')
            found = _diff([], [row], unread=iter(unread)).update['a']
            self.assertEqual(values, {name: found[name] for name in values})
            self.assertEqual('state' in values, 'missing_since' in found)

    def test_one_that_was_not_read_before_either(self):
        row = _row('a', '/1', stale=True)
        self.assertEqual({}, _diff([], [row], unread=['/1']).update)

    def test_of_several_each_on_its_own(self):
        old = {'missed_syncs': 2, 'missing_since': _NOW - _DAY}
        rows = [
            _row('new', '/n', synced_at=_NOW),
            _row('kept', '/k'),
            _row('gone', '/g', **old),
            _row('lost', '/l'),
        ]
        changes = _diff([_item('/k')], rows, since=_NOW - _SECOND)
        self.assertEqual(['gone'], changes.delete)
        self.assertEqual(['lost'], list(changes.update))


class TestMatches(base.TestCase):
    def matches(self, seen, stored, unread=()):
        items = [
            hardware.Item(
                uri, {'hardware_uuid': uuid, 'serial_number': number}
            )
            for uri, uuid, number in seen
        ]
        rows = [
            types.SimpleNamespace(
                resource_uri=uri,
                hardware_uuid=uuid,
                serial_number=number,
            )
            for uri, uuid, number in stored
        ]
        found = diff.matches(
            iter(items),
            iter(rows),
            ('hardware_uuid', 'serial_number'),
            unread,
        )
        return {uri: row.resource_uri for uri, row in found.items()}

    def test_by_uri_first(self):
        self.assertEqual(
            {'/1': '/1'},
            self.matches(
                [('/1', 'u', 's'), ('/2', None, None)],
                [('/1', 'v', 't'), ('/3', 'u', 's')],
            ),
        )

    def test_moved_resource(self):
        for label in (('u', None), (None, 's'), ('u', 's')):
            self.assertEqual(
                {'/2': '/1'}, self.matches([('/2', *label)], [('/1', *label)])
            )

    def test_unread_row_has_not_moved(self):
        for unread, found in (({'/1'}, {}), ({'/2'}, {'/3': '/1'})):
            self.assertEqual(
                found,
                self.matches([('/3', 'u', 's')], [('/1', 'u', 's')], unread),
            )

    def test_the_uuid_comes_before_the_serial_number(self):
        self.assertEqual(
            {'/3': '/1'},
            self.matches(
                [('/3', 'u', 's')], [('/1', 'u', 'x'), ('/2', 'v', 's')]
            ),
        )

    def test_parts_without_a_serial_number(self):
        for label in ((None, None), ('', '')):
            self.assertEqual(
                {}, self.matches([('/2', *label)], [('/1', *label)])
            )

    def test_serial_numbers_of_several_parts(self):
        one, two = ('/1', None, 's'), ('/2', None, 's')
        three, four = ('/3', None, 's'), ('/4', None, 's')
        self.assertEqual({}, self.matches([three, four], [one]))
        self.assertEqual({}, self.matches([three], [one, two]))
        self.assertEqual({}, self.matches([three, four], [one, two]))

    def test_only_what_has_moved_is_compared(self):
        self.assertEqual(
            {'/1': '/1', '/3': '/2'},
            self.matches(
                [('/1', None, 's'), ('/3', None, 's')],
                [('/1', None, 's'), ('/2', None, 's')],
            ),
        )
