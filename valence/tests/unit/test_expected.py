# SPDX-License-Identifier: Apache-2.0
"""What differs from a manifest of the hardware."""

import dataclasses

from valence.db import expected
from valence.tests import base


def _part(number):
    return expected.Part(
        'drive',
        f'SN{number:04}',
        f'rack {number // 100}/drawer {number // 10}/slot {number}',
        {'model': 'A', 'capacity_gib': 100},
        f'uuid {number}',
        f'/drives/{number}',
    )


def _serials(entries):
    return [one['serial_number'] for one in entries]


class TestCompare(base.TestCase):
    def setUp(self):
        super().setUp()
        self.expected = [_part(n) for n in range(1000)]
        self.seen = {n: _part(n) for n in range(1000)}

    def compare(self):
        return expected.compare(self.expected, self.seen.values())

    def test_all_is_as_it_should_be(self):
        self.assertEqual([], [*sum(self.compare().values(), [])])

    def test_exact(self):
        """37 faults in 1,000 parts, and nothing else is reported."""
        for n in range(10):
            del self.seen[n]
        for n in range(1000, 1009):
            self.seen[n] = _part(n)
        for n in range(100, 109):
            values = {'model': 'B', 'capacity_gib': 100}
            self.change(n, properties=values)
        for n in range(200, 209):
            self.change(n, place=f'rack 9/elsewhere {n}')
        report = self.compare()
        self.assertEqual(37, sum(map(len, report.values())))
        self.assertEqual(
            [f'SN{n:04}' for n in range(10)], _serials(report['missing'])
        )
        self.assertEqual(
            [f'SN{n:04}' for n in range(1000, 1009)],
            _serials(report['unexpected']),
        )
        for one in report['different']:
            self.assertEqual(['model: expected A, is B'], one['differences'])
        self.assertEqual(
            [f'SN{n:04}' for n in range(200, 209)], _serials(report['moved'])
        )

    def change(self, number, **values):
        part = self.seen[number]
        self.seen[number] = dataclasses.replace(part, **values)

    def test_another_part_in_its_place(self):
        self.change(5, serial='OTHER')
        (one,) = sum(self.compare().values(), [])
        self.assertEqual(
            ['serial_number: expected SN0005, is OTHER'], one['differences']
        )

    def test_two_that_changed_places(self):
        self.change(1, serial='SN0002')
        self.change(2, serial='SN0001')
        report = self.compare()
        self.assertEqual(2, len(report['moved']))
        self.assertEqual(2, sum(map(len, report.values())))

    def test_other_types_are_not_unexpected(self):
        self.seen['fan'] = expected.Part('fan', None, 'rack 1', {}, 'u', '/f')
        self.assertEqual(0, sum(map(len, self.compare().values())))
