# SPDX-License-Identifier: Apache-2.0
"""The panels have the colors of the theme of Horizon."""

import pathlib
import re

import testtools
from django.conf import settings
from django.contrib.staticfiles import finders
from horizon import themes
from horizon.utils import scss_filter

import valence_dashboard

_PACKAGE = pathlib.Path(valence_dashboard.__file__).parent
_DARK = _PACKAGE / 'tests' / 'functional' / 'dark'
_COLOR = re.compile(
    r'(?<![&\w])#[0-9a-f]{3,8}\b(?!-)|\b(rgb|hsl)a?\('
    r'|[:"\'\s](white|black|red|green|blue|gr[ae]y|yellow|orange)\s*[;"\',]',
    re.IGNORECASE,
)
_HEX = re.compile(r'#([0-9a-f]{6}|[0-9a-f]{3})\b', re.IGNORECASE)


def _files():
    for kind in ('*.scss', '*.js', '*.svg', '*.html'):
        for path in sorted(_PACKAGE.rglob(kind)):
            if 'tests' not in path.parts:
                yield path


class Themes(testtools.TestCase):
    def test_no_color_is_fixed(self):
        found = [
            f'{path.name}:{number}: {line.strip()}'
            for path in _files()
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if _COLOR.search(line)
        ]
        self.assertEqual([], found)

    def compile(self, theme):
        """Return the style sheet with the variables of a theme of Horizon."""
        files = (
            *(f'/themes/{one}/variables' for one in (theme, 'default')),
            '/valence/valence',
        )
        text = ''.join(f'@import "{name}";\n' for name in files)
        return scss_filter.ScssFilter(text).input()

    def test_the_file_that_horizon_includes(self):
        (name,) = (
            one
            for one in settings.HORIZON_CONFIG['scss_files']
            if one.startswith('valence/')
        )
        if name != 'valence/themed.scss':
            # Horizon imports it below the variables.
            self.assertEqual('valence/valence.scss', name)
            return
        self.addCleanup(setattr, themes._local, 'theme', None)
        themes._local.theme = 'dark'
        path = finders.find(name)
        text = pathlib.Path(path).read_text()
        found = scss_filter.ScssFilter(text, filename=path).input()
        self.assertEqual(self.compile('dark'), found)

    def test_colors_follow_the_theme(self):
        light, dark = self.compile('default'), self.compile('dark')
        self.assertNotEqual(light, dark)
        for text, background in ((light, '#fff'), (dark, '#1c1f24')):
            self.assertIn(f'background:{background}', text)
        self.assertNotRegex(dark, '#fff(fff)?[;}]')
