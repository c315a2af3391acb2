# SPDX-License-Identifier: Apache-2.0
"""Whoever prefers a language with a catalog reads nothing in English."""

import pathlib
import re
from html import parser

import testtools
from babel.messages import pofile
from django import urls
from django.utils import translation

import valence_dashboard
from valence_dashboard import fields
from valence_dashboard.tests.unit import fakes
from valence_dashboard.tests.unit import test_all_pages

_LOCALE = pathlib.Path(valence_dashboard.__file__).parent / 'locale'
_PLACEHOLDER = re.compile(r'%\(\w+\)\w|%[sd]|\{\w*\}|``.*?``', re.DOTALL)
_UUID = '9e3d5b40-7c61-4d0e-8a52-b1f6c07a2e94'


def _catalog(language, domain):
    path = _LOCALE / language / 'LC_MESSAGES' / f'{domain}.po'
    with path.open('rb') as stream:
        return [
            one for one in pofile.read_po(stream, locale=language) if one.id
        ]


def _forms(text):
    """The singular and the plural of a message; both are the same for most."""
    return text if isinstance(text, tuple) else (text, text)


class TestCatalogs(testtools.TestCase):
    def test_complete(self):
        languages = [path.name for path in _LOCALE.iterdir()]
        self.assertIn('de', languages)
        for language in languages:
            for domain in ('django', 'djangojs'):
                for message in _catalog(language, domain):
                    self._check(message)

    def _check(self, message):
        self.assertFalse(message.fuzzy, message.id)
        known, found = _forms(message.id), _forms(message.string)
        self.assertTrue(all(found), message.id)
        # The singular of a language may write "one" instead of the number.
        self.assertEqual(
            sorted(_PLACEHOLDER.findall(known[1])),
            sorted(_PLACEHOLDER.findall(found[1])),
            message.string,
        )


class _Texts(parser.HTMLParser):
    """What a page shows and says, in one set."""

    def __init__(self, page):
        super().__init__()
        self.found, self._hidden = set(), 0
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self._hidden += tag in ('script', 'style')
        for name, value in attributes:
            if name in ('title', 'aria-label', 'placeholder', 'alt'):
                self.handle_data(value or '')

    def handle_endtag(self, tag):
        self._hidden -= tag in ('script', 'style')

    def handle_data(self, data):
        if not self._hidden:
            self.found.add(' '.join(data.split()).rstrip(':'))


class TestGerman(fakes.TestCase):
    def setUp(self):
        super().setUp()
        # Each request activates a language, and leaves it active.
        self.addCleanup(translation.activate, translation.get_language())
        self.translations = {
            ' '.join(known.split()): found
            for message in _catalog('de', 'django')
            for known, found in zip(
                _forms(message.id), _forms(message.string), strict=True
            )
        }

    def german(self, path):
        """The texts of a page; a message in English among them is a fault."""
        answer = self.client.get(path, headers={'Accept-Language': 'de'})
        # Menus before it are those of Horizon.
        *_, content = answer.content.decode().rpartition('id="content_body"')
        texts = _Texts(content).found
        english = {
            text
            for text in texts
            if self.translations.get(text, text) != text
            and text not in self.translations.values()
        }
        self.assertEqual(set(), english, path)
        return texts

    def test_pages_of_an_empty_estate(self):
        self.answers['flavors/choices'] = {'choices': {}}
        self.answers['capacity'] = {'capacity': {}}
        for path in sorted(set(test_all_pages._paths())):
            with self.subTest(path):
                self.german(path)

    def test_a_node(self):
        self.answers[f'nodes/{_UUID}'] = {
            'uuid': _UUID,
            'name': 'web-1',
            'provision_state': 'composing',
            'power_state': 'off',
            'created_at': '2026-01-02T03:04:05Z',
        }
        path = urls.reverse('horizon:project:nodes:detail', args=[_UUID])
        texts = self.german(path)
        self.assertIn(self.translations['Composing'], texts)
        self.assertIn(self.translations['Created at'], texts)
        self.assertIn('2. Januar 2026 03:04:05 UTC', texts)

    def test_filters_take_what_is_shown(self):
        with translation.override('de'):
            for text in ('wird zusammengestellt', 'Composing', 'composing'):
                self.assertEqual(
                    'composing', fields.to_api('node', 'provision_state', text)
                )

    def test_numbers(self):
        with translation.override('de'):
            self.assertEqual('1,5 GiB', fields.render('memory_mib', 1536))
            self.assertEqual('2,5 Gbit/s', fields.render('nic_mbps', 2500))
