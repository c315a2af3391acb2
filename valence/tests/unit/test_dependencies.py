# SPDX-License-Identifier: Apache-2.0
"""What the packages import is what their requirements state."""

import ast
import importlib.metadata
import pathlib
import sys

from packaging import requirements
from packaging import utils

from valence.tests import base

_TOP = pathlib.Path(__file__).parents[3]
# Directory of the requirements, and the code.
_PACKAGES = (
    ('.', 'valence'),
    ('simulator', 'simulator/valence_simulator'),
    ('client', 'client/valenceclient'),
    ('dashboard', 'dashboard/valence_dashboard'),
)
# An extra of setup.cfg, which is imported only where it is used.
_EXTRA = {'psycopg2-binary'}
# The dashboard uses the client, which no index has.
_OWN = {'valence', 'valence-simulator', 'python-valenceclient'}
_OWN |= {'valence-dashboard'}
# What only another service loads; that one has what it imports.
_PLUGINS = {_TOP / 'client/valenceclient/blazar.py'}


def _requirements(directory):
    found = {}
    for line in (_TOP / directory / 'requirements.txt').open():
        text = line.partition('#')[0].strip()
        if text:
            requirement = requirements.Requirement(text)
            name = utils.canonicalize_name(requirement.name)
            found[name] = requirement
    return found


def _modules(code):
    """The top-level modules that the files import, with one of the files."""
    found = {}
    for path in sorted((_TOP / code).rglob('*.py')):
        if 'tests' in path.parts or path in _PLUGINS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            else:
                continue
            for name in names:
                found.setdefault(name.partition('.')[0], path)
    return {
        name: path
        for name, path in found.items()
        if name not in sys.stdlib_module_names
    }


class TestDependencies(base.TestCase):
    def _imports(self, code):
        """The packages that provide what is imported."""
        providers = importlib.metadata.packages_distributions()
        result = set()
        for module, path in _modules(code).items():
            if module == pathlib.Path(code).name:
                continue
            self.assertIn(module, providers, f'{path}: not installed')
            result |= {
                utils.canonicalize_name(name) for name in providers[module]
            }
        return result - _OWN - _EXTRA

    def test_imports_are_declared_and_used(self):
        for directory, code in _PACKAGES:
            declared = set(_requirements(directory))
            self.assertEqual(
                sorted(self._imports(code)), sorted(declared), directory
            )

    def test_each_has_one_lower_bound(self):
        bounds = {}
        for directory, _ in _PACKAGES:
            for name, requirement in _requirements(directory).items():
                lower = [
                    each.version
                    for each in requirement.specifier
                    if each.operator == '>='
                ]
                self.assertEqual(1, len(lower), f'{directory}: {name}')
                # make test-lowest tests one.
                self.assertEqual(lower, bounds.setdefault(name, lower), name)
