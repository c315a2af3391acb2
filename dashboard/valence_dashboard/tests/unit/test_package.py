# SPDX-License-Identifier: Apache-2.0
import ast
import pathlib

import testtools
import yaml
from django.conf import settings
from horizon import forms
from horizon import tables
from horizon import tabs

import valence_dashboard
from valence_dashboard import api

# Each is named with its reason in doc/source/contributor/horizon.rst.
_PRIVATE = {'_meta', '_data_cache', '_tables', '_table_data_loaded'}


def _private(*packages):
    """Return the names with an underscore that packages use, or override."""
    found = set()
    for package in packages:
        for path in pathlib.Path(package.__file__).parent.rglob('*.py'):
            if 'tests' in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute):
                    found.add(node.attr)
                elif isinstance(node, ast.ClassDef):
                    found |= {getattr(one, 'name', '') for one in node.body}
    return {
        name
        for name in found
        if name.startswith('_') and not name.startswith('__')
    }


class Package(testtools.TestCase):
    def test_no_import_of_the_service(self):
        package = pathlib.Path(valence_dashboard.__file__).parent
        for path in package.rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text())):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [node.module or '']
                for name in names:
                    self.assertNotEqual('valence', name.split('.')[0], path)

    def test_private_names_of_horizon(self):
        theirs = _private(forms, tables, tabs)
        self.assertEqual(_PRIVATE, theirs & _private(valence_dashboard))

    def test_policy_rules_exist(self):
        """Horizon would hide actions whose rule it does not know."""
        path = settings.DEFAULT_POLICY_FILES['composable']
        rules = {rule['name'] for rule in yaml.safe_load(open(path))}
        package = pathlib.Path(valence_dashboard.__file__).parent
        known = {name.partition(':')[0] for name in rules}
        self.assertIn('composable', known)
        for path in package.glob('[ap]*/**/*.py'):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Assign) and any(
                    getattr(target, 'id', '') == 'verb'
                    for target in node.targets
                ):
                    self.assertIn(f'composable:{node.value.value}', rules)

    def test_missing_field_is_none(self):
        record = api.Record(uuid='u', name='n')
        self.assertEqual(('u', 'n', None), (record.id, record.name, record.x))
        self.assertEqual('n', api.Record(name='n').id)
