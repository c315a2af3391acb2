# SPDX-License-Identifier: Apache-2.0
"""What drivers report of themselves."""

import ast
import inspect
import pathlib

from valence import podmanagers
from valence.podmanagers import base as driver_base
from valence.podmanagers import loader
from valence.tests import base


class TestDrivers(base.TestCase):
    def test_the_known_ones_are_there(self):
        self.assertLessEqual({'rsd', 'redfishv1', 'fake'}, set(loader.names()))

    def test_an_alias_is_the_same_driver(self):
        self.assertIs(loader.drivers()['rsd'], loader.drivers()['redfishv1'])

    def test_each_keeps_the_contract(self):
        for name, cls in loader.drivers().items():
            self.assertTrue(issubclass(cls, driver_base.Driver), name)
            self.assertFalse(inspect.isabstract(cls), name)
            self.assertIn(cls.name, loader.names())
            self.assertIsInstance(cls.capabilities, frozenset, name)
            self.assertTrue(cls.capabilities, name)
            self.assertTrue(cls.description(), name)
            self.assertLess(len(cls.description()), 80, name)

    def test_passwords_are_not_in_what_is_printed(self):
        conn = driver_base.Connection(
            url='http://podm', username='me', password='s3cret'
        )
        self.assertNotIn('s3cret', repr(conn))

    def test_drivers_know_neither_api_nor_database(self):
        allowed = {'valence.common', 'valence.podmanagers', 'valence.conf'}
        place = pathlib.Path(podmanagers.__file__).parent
        for path in place.rglob('*.py'):
            if path.name == 'loader.py':
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and node.module:
                    first, _, rest = node.module.partition('.')
                    if first != 'valence':
                        continue
                    part = rest.split('.')[0] or node.names[0].name
                    self.assertIn(f'valence.{part}', allowed, path.name)
