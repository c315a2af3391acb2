# SPDX-License-Identifier: Apache-2.0
"""How values of hardware are compared with what is required."""

from valence.scheduler import criteria
from valence.tests import base


class TestText(base.TestCase):
    def test_free_text(self):
        """It may go on after the last required word."""
        for need, has, met in (
            ('Xeon Gold', 'Xeon Gold 6226R', True),
            ('xeon gold 6226r', 'Xeon(R) Gold 6226R CPU @ 2.90GHz', True),
            ('Intel', 'Intel(R) Corporation', True),
            ('intel xeon', 'Intel(R) Xeon(R) Gold', True),
            ('A10', 'A100', False),
            ('A100', 'A100-PCIE-40GB', True),
            ('A100', 'NVIDIA A100', False),
            ('*A100', 'NVIDIA A100-PCIE', True),
            ('*A10', 'NVIDIA A100', False),
            ('*A10*', 'NVIDIA A100', True),
            ('Xeon*6226', 'Xeon Gold 6226 CPU', True),
            ('Xeon*6226', 'Xeon Gold 6226R', False),
            ('Xeon Gold 62*', 'Xeon Gold 6226R', True),
            ('*', 'anything', True),
            ('-', 'A100', False),
            ('.*', 'A100', True),
            ('A100', None, False),
            ('*', None, False),
            (['H100', 'A100'], 'a100', True),
            (['H100', 'L40'], 'a100', False),
            ({'eq': 'A100'}, 'A100-PCIE', False),
            ({'eq': ['A100', 'a-100']}, 'A100', True),
        ):
            self.assertEqual(
                met, criteria.meets('model', need, has), (need, has)
            )

    def test_other_text(self):
        """Nothing may follow: NVMe is not NVMeOverFabrics."""
        for need, has, met in (
            ('x86_64', 'x86-64', True),
            ('x86', 'x86-64', False),
            ('x86*', 'x86-64', True),
            ('ssd', 'SSD', True),
            ('NVMe', 'NVMeOverFabrics', False),
            ('NVMe*', 'NVMeOverFabrics', True),
            ('SSD', 'SSD SLC', False),
        ):
            self.assertEqual(
                met, criteria.meets('protocol', need, has), (need, has)
            )

    def test_no_text_takes_for_ever(self):
        self.assertFalse(criteria.meets('model', '*a' * 127, 'a' * 255 + 'b'))
        self.assertFalse(criteria.meets('type', '*a' * 100 + 'x', 'a' * 255))


class TestAmount(base.TestCase):
    def test_amounts(self):
        for need, has, met in (
            (8, 8, True),
            (8, 9, True),
            (8, 7, False),
            (8, None, False),
            ({'max': 8}, 8, True),
            ({'max': 8}, 9, False),
            ({'max': 8}, 0, False),
            ({'max': 8}, None, False),
            ({'min': 4, 'max': 8}, 4, True),
            ({'min': 4, 'max': 8}, 3, False),
            ({'eq': 8}, 8, True),
            ({'eq': 8}, 9, False),
            ({'eq': [8, 16]}, 16, True),
            ({'eq': [8, 16], 'max': 8}, 16, False),
            (True, True, True),
            (True, False, False),
            (False, False, True),
        ):
            self.assertEqual(
                met, criteria.meets('cores', need, has), (need, has)
            )

    def test_words(self):
        for need, text in (
            (8, '8'),
            ('A100', 'A100'),
            (['A100', 'H100'], 'A100 or H100'),
            ({'eq': 'A100'}, 'A100'),
            ({'eq': [8, 16]}, '8 or 16'),
            ({'max': 8}, 'at most 8'),
            ({'min': 8, 'eq': [9, 7]}, '9 or 7 and at least 8'),
            ({'min': 4, 'max': 8}, '4 to 8'),
        ):
            self.assertEqual(text, criteria.describe(need))
