# SPDX-License-Identifier: Apache-2.0
"""What an error says to operators, and what to members of projects."""

from valence.common import exception
from valence.tests import base


def _below(cls):
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)


class TestErrorText(base.TestCase):
    def test_users_see_no_text_of_a_pod_manager(self):
        words = 'https://10.0.0.1/redfish rejected it'
        kinds = [
            exception.PodManagerError,
            *_below(exception.PodManagerError),
        ]
        self.assertIn(exception.NoMatch, kinds)
        for kind in kinds:
            if kind.__module__ != exception.__name__:
                # Drivers derive others, which take other arguments.
                continue
            error = kind(reason=words, uri=words).error_text()
            self.assertIn(words, error.message)
            self.assertNotIn(words, error.user_message)
            self.assertNotEqual('', error.user_message)

    def test_users_read_what_valence_says(self):
        error = exception.NoCapacity(reason='no system is free').error_text()
        self.assertEqual('No capacity: no system is free', error.user_message)
        self.assertEqual(error.message, error.user_message)

    def test_they_fit_their_columns(self):
        columns = exception.ErrorText('a' * 5000, 'b').columns('error')
        self.assertEqual({'error', 'user_error'}, columns.keys())
        self.assertEqual(4096, len(columns['error']))
