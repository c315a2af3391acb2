# SPDX-License-Identifier: Apache-2.0
"""What failures tell, and whom."""

from valence.common import exception
from valence.tests import base


def _below(cls):
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)


class TestTold(base.TestCase):
    def test_words_of_pod_managers_are_not_plain(self):
        words = 'https://10.0.0.1/redfish said so'
        kinds = [
            exception.PodManagerError,
            *_below(exception.PodManagerError),
        ]
        self.assertIn(exception.NoMatch, kinds)
        for kind in kinds:
            told = kind(reason=words, uri=words).told()
            self.assertIn(words, told.full)
            self.assertNotIn(words, told.plain)
            self.assertNotEqual('', told.plain)

    def test_our_own_words_are(self):
        told = exception.NoCapacity(reason='no system is free').told()
        self.assertEqual('No capacity: no system is free', told.plain)
        self.assertEqual(told.full, told.plain)

    def test_they_fit_their_columns(self):
        columns = exception.Told('a' * 5000, 'b').columns('error')
        self.assertEqual({'error', 'plain_error'}, columns.keys())
        self.assertEqual(4096, len(columns['error']))
