# SPDX-License-Identifier: Apache-2.0
"""Every text of every resource, as the commands show it."""

import csv
import importlib.metadata
import io
import unicodedata

from valenceclient.osc import base as osc
from valenceclient.tests.functional import base
from valenceclient.tests.functional import processes

# What text may contain besides printable characters.
_ALLOWED = '\n\t\u200c\u200d'
_FORMULA = ('=', '+', '-', '@')
# Otherwise a list that is longer than it shows says so.
_MORE = {'operation list': ['--all']}
# Commands about what belongs to another kind of resource.
_OWNERS = {
    'podmanager access list': 'podmanager',
    'podmanager expected list': 'podmanager',
    'podmanager topology show': 'podmanager',
    **{
        f'{kind} history list': kind
        for kind in ('podmanager', 'node', 'system', 'device')
    },
    'node storage list': 'node',
    'capacity show': None,
}


def _commands(verb: str, tables: bool | None = None) -> dict[str, type]:
    """Return the commands that end with a verb, without "valence".

    :param tables: whether they show several rows; None: both.
    """
    found = {}
    for one in importlib.metadata.entry_points(
        group='openstack.composable.v1'
    ):
        name = one.name.removeprefix('valence_').replace('_', ' ')
        if not name.endswith(f' {verb}'):
            continue
        command = one.load()
        if tables in (None, issubclass(command, osc.Lister)):
            found[name] = command
    return found


class Hostile(base.TestCase):
    def service(self):
        return processes.hostile()

    def assertPrintable(self, text, where):
        """Nothing in it controls a terminal, or is invisible."""
        bad = {
            one
            for one in text
            if unicodedata.category(one) in ('Cc', 'Cf', 'Cs', 'Zl', 'Zp')
            and one not in _ALLOWED
        }
        self.assertEqual(set(), bad, where)

    def uuids(self, kind):
        more = _MORE.get(f'{kind} list', [])
        command = f'{kind} list -f value -c uuid'
        return self.valence(command, *more).split()

    def test_lists(self):
        lists = _commands('list') | _commands('show', tables=True)
        for name, command in lists.items():
            arguments = [*_MORE.get(name, [])]
            if name in _OWNERS:
                arguments.append(self.uuids(_OWNERS[name])[0])
            if getattr(command, 'long_columns', ()):
                arguments.append('--long')
            shown = self.valence(name, *arguments)
            self.assertPrintable(shown, name)
            lines = self.valence(name, *arguments, '-f', 'value')
            self.assertPrintable(lines, name)
            self.check_csv(name, arguments, lines.count('\n'))

    def check_csv(self, name, arguments, count):
        """No spreadsheet calculates a cell of these rows."""
        shown = self.valence(name, *arguments, '-f', 'csv')
        self.assertPrintable(shown, name)
        _header, *rows = csv.reader(io.StringIO(shown, newline=''))
        self.assertEqual(count, len(rows), name)
        for cell in (cell for row in rows for cell in row):
            self.assertFalse(cell.lstrip().startswith(_FORMULA), (name, cell))

    def test_csv_without_quotes(self):
        line = 'node list --fields name -f csv --no-quote'
        shown = self.valence(line)
        self.assertPrintable(shown, line)
        self.assertIn('=cmd|', shown)
        self.assertNotIn("'=", shown)

    def test_shows(self):
        for name in _commands('show', tables=False):
            kind = _OWNERS.get(name, name.removesuffix(' show'))
            for formatter, index in (('table', 0), ('shell', -1)):
                some = [self.uuids(kind)[index]] if kind else []
                shown = self.valence(name, *some, '-f', formatter)
                self.assertPrintable(shown, (name, formatter))
