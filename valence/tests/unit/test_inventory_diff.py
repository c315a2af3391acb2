# SPDX-License-Identifier: Apache-2.0
"""What has to be written for the tables to show what was seen."""

import datetime
import types

from valence.conductor.inventory import diff
from valence.podmanagers import hardware
from valence.tests import base

_NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)
_DAY = datetime.timedelta(days=1)


def _item(uri, **values):
    return hardware.Item(
        uri=uri,
        values={'name': uri, 'health': 'ok', 'serial_number': None, **values},
        properties={'Id': uri},
    )


def _row(uuid, uri, **values):
    return types.SimpleNamespace(
        **{
            'uuid': uuid,
            'name': uri,
            'health': 'ok',
            'state': 'free',
            'serial_number': None,
            'synced_at': _NOW - _DAY,
            'refreshed': False,
            'seen_at': _NOW - _DAY,
            'properties': {'Id': uri},
            'resource_uri': uri,
            'uri_hash': diff.uri_hash(uri),
            'parent_uuid': None,
            'stale': False,
            'missing_since': None,
            'missed_syncs': 0,
            **values,
        }
    )


def _diff(
    seen,
    stored,
    unread=(),
    allocated=(),
    since=None,
    known=(),
    refreshed=False,
):
    found = diff.matches(seen, stored, ('serial_number',))
    reading = diff.Reading(
        podm_uuid='podm',
        uuids={
            item.uri: found[item.uri].uuid
            if item.uri in found
            else f'new{item.uri}'
            for item in seen
        }
        | dict(known),
        parent_column='parent_uuid',
        unread=unread,
        allocated=allocated,
        since=since,
        refreshed=refreshed,
        now=_NOW,
    )
    return diff.diff(seen, stored, found, reading)


class TestDiff(base.TestCase):
    def assertChanges(self, changes, create=(), update=(), delete=()):
        self.assertEqual(
            sorted(create),
            sorted(row['resource_uri'] for row in changes.create),
        )
        self.assertEqual(sorted(update), sorted(changes.update))
        self.assertEqual(sorted(delete), sorted(changes.delete))

    def test_nothing_changes(self):
        changes = _diff(
            [_item('/1'), _item('/2')], [_row('a', '/1'), _row('b', '/2')]
        )
        self.assertChanges(changes)

    def test_partial_read_sets_its_own_time(self):
        changes = _diff([_item('/1')], [_row('a', '/1')], refreshed=True)
        self.assertEqual(
            {'a': {'seen_at': _NOW, 'refreshed': True}}, changes.update
        )

    def test_new(self):
        changes = _diff([_item('/1'), _item('/2')], [_row('a', '/1')])
        self.assertChanges(changes, create=['/2'])
        self.assertEqual('podm', changes.create[0]['podm_uuid'])
        self.assertFalse(changes.create[0]['stale'])

    def test_only_what_differs_is_written(self):
        changes = _diff([_item('/1', health='critical')], [_row('a', '/1')])
        self.assertChanges(changes, update=['a'])
        self.assertEqual(
            {'health'}, {n for n in changes.update['a'] if n != 'seen_at'}
        )

    def test_seen_twice_is_written_once(self):
        self.assertChanges(_diff([_item('/1')] * 2, []), create=['/1'])

    def test_moved(self):
        changes = _diff(
            [_item('/9', serial_number='S')],
            [_row('a', '/1', serial_number='S')],
        )
        self.assertChanges(changes, update=['a'])
        self.assertEqual('/9', changes.update['a']['resource_uri'])
        self.assertEqual(diff.uri_hash('/9'), changes.update['a']['uri_hash'])

    def test_duplicate_serial_numbers_are_ignored(self):
        changes = _diff(
            [_item('/8', serial_number='S'), _item('/9', serial_number='S')],
            [_row('a', '/1', serial_number='S')],
        )
        self.assertChanges(changes, create=['/8', '/9'], update=['a'])

    def test_missing_is_flagged_first(self):
        changes = _diff([], [_row('a', '/1')])
        self.assertChanges(changes, update=['a'])
        self.assertEqual(_NOW, changes.update['a']['missing_since'])
        self.assertEqual(1, changes.update['a']['missed_syncs'])

    def test_missing_goes_after_three_times_and_a_day(self):
        for missed, since, gone in (
            (2, _NOW - _DAY, True),
            (9, _NOW - 9 * _DAY, True),
            (1, _NOW - _DAY, False),
            (2, _NOW - _DAY / 2, False),
        ):
            row = _row('a', '/1', missed_syncs=missed, missing_since=since)
            changes = _diff([], [row])
            self.assertEqual(gone, changes.delete == ['a'], (missed, since))
            allocated = _diff([], [row], allocated=['a'])
            self.assertEqual([], allocated.delete)

    def test_seen_again(self):
        row = _row(
            'a', '/1', missed_syncs=2, missing_since=_NOW - _DAY, stale=True
        )
        changes = _diff([_item('/1')], [row])
        self.assertEqual(
            {'stale': False, 'missing_since': None, 'missed_syncs': 0},
            {n: v for n, v in changes.update['a'].items() if n != 'seen_at'},
        )

    def test_unread_is_stale_not_missing(self):
        rows = [_row('a', '/x/1'), _row('b', '/y')]
        for unread in (['/x/1', '/y'], ['/x/', '/y']):
            changes = _diff([], rows, unread=unread)
            self.assertChanges(changes, update=['a', 'b'])
            for values in changes.update.values():
                self.assertTrue(values['stale'])
                self.assertNotIn('missing_since', values)
        stale = [_row('a', '/x/1', stale=True)]
        self.assertChanges(_diff([], stale, unread=['/x/']))

    def test_children_of_the_unread_are_unread(self):
        changes = _diff([], [_row('a', '/x/1/drives/2')], unread=['/x/1'])
        self.assertNotIn('missing_since', changes.update['a'])

    def test_unknown_values_of_a_component_are_kept(self):
        seen = [_item('/1', health='critical', serial_number='S')]
        seen[0].unknown = {'health'}
        changes = _diff(seen, [_row('a', '/1')])
        self.assertEqual(
            {'stale': True, 'serial_number': 'S'},
            {n: v for n, v in changes.update['a'].items() if n != 'seen_at'},
        )
        known = _row('a', '/1', stale=True, serial_number='S')
        self.assertChanges(_diff(seen, [known]))
        self.assertTrue(_diff(seen, []).create[0]['stale'])

    def test_a_uri_that_begins_alike_is_another(self):
        changes = _diff([], [_row('a', '/x/10')], unread=['/x/1'])
        self.assertIn('missing_since', changes.update['a'])

    def test_later_write_is_newer(self):
        rows = [
            _row('a', '/1', synced_at=_NOW - _DAY / 2),
            _row('b', '/2', synced_at=_NOW - _DAY / 2),
        ]
        seen = [_item('/1', health='critical')]
        self.assertChanges(_diff(seen, rows, since=_NOW - _DAY))
        self.assertChanges(_diff(seen, rows, since=_NOW), update=['a', 'b'])

    def test_parent_found_later_is_filled_in(self):
        row = _row('a', '/1', synced_at=_NOW - _DAY / 2)
        item = _item('/1', health='critical')
        item.parent = '/9'
        changes = _diff(
            [item], [row], since=_NOW - _DAY, known=[('/9', 'uuid 9')]
        )
        self.assertEqual({'a': {'parent_uuid': 'uuid 9'}}, changes.update)

    def test_a_row_is_as_old_as_the_look_at_it(self):
        since = _NOW - _DAY / 4
        seen = [_item('/1', health='critical'), _item('/2')]
        changes = _diff(seen, [_row('a', '/1')], since=since)
        self.assertEqual(since, changes.update['a']['seen_at'])
        self.assertEqual(since, changes.create[0]['seen_at'])
