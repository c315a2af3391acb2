# SPDX-License-Identifier: Apache-2.0
import ast
import pathlib

import testtools
import yaml
from django.conf import settings

import valence_dashboard
from valence_dashboard import api


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
