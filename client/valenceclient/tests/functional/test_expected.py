# SPDX-License-Identifier: Apache-2.0
import json

from valenceclient.tests.functional import base
from valenceclient.tests.functional import processes

_EXPECTED = 'podmanager expected'


class Expected(base.TestCase):
    def setUp(self):
        super().setUp()
        self.pod()
        self.addCleanup(self.run_valence, f'{_EXPECTED} unset pod')

    def file(self, name, text):
        path = processes.directory() / name
        path.write_text(text)
        return str(path)

    def test_snapshot_and_edit(self):
        count = self.json(f'{_EXPECTED} snapshot pod')['parts']
        listed = self.json(f'{_EXPECTED} list pod')
        self.assertEqual(count, len(listed))
        self.assertEqual([], self.json(f'{_EXPECTED} report pod'))
        text = self.valence(f'{_EXPECTED} list pod --long -f csv --no-quote')
        header, *lines = text.splitlines()
        self.assertIn('"place"', header)
        self.assertIn('"cpu_cores"', header)
        (system,) = (
            one for one in lines[1:] if one == self.of_type(lines, 'system')
        )
        kept = [one for one in lines if one != system]
        path = self.file('expected.csv', '\n'.join([header, *kept]))
        found = self.json(f'{_EXPECTED} set pod', path)
        self.assertEqual(count - 1, found['parts'])
        (row,) = self.json(f'{_EXPECTED} report pod')
        self.assertEqual('unexpected', row['finding'])
        self.assertEqual('system', row['type'])
        self.assertIsNotNone(row['uuid'])
        self.assertEqual('', self.valence(f'{_EXPECTED} unset pod'))
        self.assertEqual([], self.json(f'{_EXPECTED} list pod'))

    def of_type(self, lines, kind):
        return next(one for one in lines if one.startswith(f'"{kind}"'))

    def test_json(self):
        part = {'type': 'system', 'serial_number': 'none such'}
        for body in ([part], {'parts': [part]}):
            path = self.file('expected.json', json.dumps(body))
            self.assertEqual(
                {'parts': 1}, self.json(f'{_EXPECTED} set pod', path)
            )
            rows = self.json(f'{_EXPECTED} report pod')
            self.assertEqual(
                ['none such'],
                [
                    one['serial_number']
                    for one in rows
                    if one['finding'] == 'missing'
                ],
            )
        (one,) = self.json(f'{_EXPECTED} list pod --type system')
        self.assertEqual('none such', one['serial_number'])

    def test_bad_files(self):
        error = self.fails(
            f'{_EXPECTED} set pod', self.file('bad.csv', 'type,colour\n')
        )
        self.assertIn('unknown column colour', error)
        for text, reason in (('[', 'invalid JSON'), ('{}', 'no list of')):
            done = self.run_valence(
                f'{_EXPECTED} set pod', self.file('bad.json', text)
            )
            self.assertEqual(2, done.returncode)
            self.assertIn(reason, done.stderr)
        self.assertIn(
            'could not be found', self.fails(f'{_EXPECTED} report nobody')
        )
