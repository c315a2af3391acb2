# SPDX-License-Identifier: Apache-2.0
"""What is made of text that a database does not accept."""

from valence.db.sqlalchemy import types
from valence.tests import base


class TestStorable(base.TestCase):
    def test_text(self):
        for text, expected in (
            ('', ''),
            ('plain', 'plain'),
            ('a\0b', 'a\ufffdb'),
            ('é\0', 'é\ufffd'),
            ('\U0001f600 Straße', '\U0001f600 Straße'),
            ('\ud800', '\ufffd'),
            ('x\udc00y\ud800', 'x\ufffdy\ufffd'),
            # Two halves that belong together are a character.
            ('\ud83d\ude00', '\U0001f600'),
            ('\ufeffmark', '\ufeffmark'),
        ):
            found = types.storable(text)
            self.assertEqual(expected, found)
            found.encode()
