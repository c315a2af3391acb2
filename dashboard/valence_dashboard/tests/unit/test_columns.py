# SPDX-License-Identifier: Apache-2.0
"""Which columns lists show."""

import csv
import io

from valence_dashboard import columns
from valence_dashboard.tests.unit import fakes
from valence_dashboard.tests.unit import test_lists

_SYSTEMS = '/admin/systems/'
_UUID = '00000000-0000-4000-8000-00000000000{}'


class Columns(fakes.TestCase):
    def setUp(self):
        super().setUp()
        self.answers['systems'] = {
            'systems': [
                {
                    **{'uuid': _UUID.format(1), 'name': 'one', 'model': 'M1'},
                    **{'serial_number': '<b>7', 'zones': ['A', 'B']},
                    **{'state': 'free', 'health': 'ok'},
                }
            ]
        }

    def heads(self, path):
        """The heads of the columns, without check boxes and actions."""
        table = self.client.get(path).context['table']
        return [
            str(one.verbose_name)
            for one in table.get_columns()
            if not one.auto
        ]

    def test_by_the_url(self):
        before = self.heads(_SYSTEMS)
        self.assertIn('Model', before)
        self.assertNotIn('Serial number', before)
        path = f'{_SYSTEMS}?columns=serial_number,memory_mib,zones'
        self.assertEqual(
            ['Name', 'Memory', 'Zones', 'Serial number'], self.heads(path)
        )
        page = self.page(path)
        self.assertIn('&lt;b&gt;7', page)
        self.assertIn('A, B', page)
        # Others see what the list shows by default.
        self.assertEqual(before, self.heads(_SYSTEMS))

    def test_they_are_kept(self):
        chosen = 'columns=name%2Cserial_number'
        page = self.page(f'{_SYSTEMS}?{chosen}&free=Yes')
        self.assertIn(f'?free=Yes&amp;{chosen}&amp;sort_key=name', page)
        self.assertIn(f'?free=Yes&amp;{chosen}&amp;format=csv', page)
        answer = self.client.get(
            f'{_SYSTEMS}?{chosen}&filter=cpu_cores&text=4'
        )
        self.assertEqual(f'{_SYSTEMS}?{chosen}&cpu_cores=4', answer.url)

    def test_the_file_has_them(self):
        path = f'{_SYSTEMS}?columns=name,serial_number&format=csv'
        answer = self.client.get(path)
        text = b''.join(answer.streaming_content).decode()
        self.assertEqual(
            [['Name', 'Serial number'], ['one', '<b>7']],
            list(csv.reader(io.StringIO(text))),
        )

    def test_the_form(self):
        default = self.heads(_SYSTEMS)
        answer = self.client.get(
            f'{_SYSTEMS}?free=Yes&column=name&column=uuid&columns=model'
        )
        self.assertEqual(
            f'{_SYSTEMS}?free=Yes&columns=name%2Cuuid', answer.url
        )
        # They are remembered, and a URL has precedence.
        self.assertEqual(['Name', 'UUID'], self.heads(_SYSTEMS))
        self.assertEqual(
            ['Name', 'Model'], self.heads(f'{_SYSTEMS}?columns=model')
        )
        self.assertIn('Model', self.heads('/admin/devices/'))
        answer = self.client.get(f'{_SYSTEMS}?columns=name&column=')
        self.assertEqual(f'{_SYSTEMS}?', answer.url)
        self.assertEqual(default, self.heads(_SYSTEMS))

    def test_nonsense(self):
        default = self.heads(_SYSTEMS)
        for text in ('%00', '<script>', 'a' * 3000, 'Model', 'ünï'):
            self.assertEqual(
                default, self.heads(f'{_SYSTEMS}?columns={text}'), text
            )
        self.assertEqual(
            ['Name'], self.heads(f'{_SYSTEMS}?columns=nothing,actions')
        )
        answer = self.client.get(f'{_SYSTEMS}?column=a;b=c')
        self.assertEqual('', answer.cookies['valence_columns_system'].value)

    def test_all_lists_offer_all_plain_fields(self):
        for path in test_lists.LISTS:
            with self.subTest(path):
                context = self.client.get(path).context
                boxes = context['table'].column_boxes()
                names = {one['name'] for one in boxes}
                self.assertLessEqual(
                    {*columns.optional(context['table'].kind)}, names
                )
                chosen = ','.join(sorted(names))
                self.assertEqual(
                    len(names), len(self.heads(f'{path}?columns={chosen}'))
                )
