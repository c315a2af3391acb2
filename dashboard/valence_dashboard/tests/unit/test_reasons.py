# SPDX-License-Identifier: Apache-2.0
"""Reasons of the service in the language of the user."""

import fixtures
import testtools
from django.utils import translation

from valence_dashboard import exceptions
from valence_dashboard import reasons

_LOST = '%(kind)s %(ident)s could not be found.'
_FAILED = 'Provisioning failed: %(reason)s'


class TestReasons(testtools.TestCase):
    def setUp(self):
        super().setUp()
        catalog = {
            _LOST: '%(ident)s ist weg (%(kind)s).',
            _FAILED: 'Nicht bereitgestellt: %(reason)s',
        }
        self.useFixture(
            fixtures.MonkeyPatch(
                'valence_dashboard.reasons.gettext',
                lambda text: catalog.get(text, text),
            )
        )
        before = translation.get_language()
        translation.activate('de')
        self.addCleanup(translation.activate, before)

    def test_values_in_another_order(self):
        self.assertEqual(
            'web-1 ist weg (Node).',
            reasons.translated('Node web-1 could not be found.'),
        )

    def test_values_made_of_values(self):
        self.assertEqual(
            'Nicht bereitgestellt: a b ist weg (Node).',
            reasons.translated(
                'Provisioning failed: Node a b could not be found.'
            ),
        )

    def test_what_no_template_makes(self):
        for text in (
            '',
            'Enclosure on fire.',
            'could not be found.',
            'Node web-1 could not be found. Or could it?',
            'Provisioning failed',
            '100 %(kind)s',
            'x' * 100_000,
        ):
            self.assertEqual(text, reasons.translated(text))

    def test_it_ends(self):
        depth = 'Provisioning failed: ' * 100
        self.assertTrue(
            reasons.translated(depth).startswith('Nicht bereitgestellt: ')
        )

    def test_english_is_left_as_it_is(self):
        translation.activate('en-gb')
        text = 'Node web-1 could not be found.'
        self.assertEqual(text, reasons.translated(text))

    def test_errors(self):
        error = exceptions.NotFound('Node web-1 could not be found.')
        self.assertEqual('web-1 ist weg (Node).', str(error))
