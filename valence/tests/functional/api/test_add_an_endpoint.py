# SPDX-License-Identifier: Apache-2.0
"""The steps of the page on endpoints lead to an endpoint that works."""

import ast
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

import fixtures

from valence.tests import base

_TOP = pathlib.Path(__file__).resolve().parents[4]
_PAGE = _TOP / 'doc/source/contributor/add-an-endpoint.rst'
_BLOCK = re.compile(
    r'^( *)\.\. code-block:: python\n\1   :caption: (\S+): (\w+)\n\n'
    r'((?:\1   .*\n|\n)+)',
    re.MULTILINE,
)
_PATH = '/v1/flavors/{id}/copy'


def _node(tree, name):
    """The class, or the assignment, of this name."""
    for node in tree.body:
        targets = getattr(node, 'targets', [getattr(node, 'target', node)])
        names = [getattr(t, 'id', getattr(t, 'name', '')) for t in targets]
        if name in names:
            return node
    raise AssertionError(f'no {name}')


def append(text, name, block):
    """A module with a block at the end of what a name stands for."""
    lines = text.splitlines(keepends=True)
    if name == 'end':
        return text + '\n\n' + block
    node = _node(ast.parse(text), name)
    end = node.end_lineno - (0 if isinstance(node, ast.ClassDef) else 1)
    space = '\n' if isinstance(node, ast.ClassDef) else ''
    return ''.join(
        [*lines[:end], space + textwrap.indent(block, '    '), *lines[end:]]
    )


class TestPage(base.TestCase):
    def setUp(self):
        super().setUp()
        self.tree = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('valence', 'tools', 'etc', 'api-ref'):
            shutil.copytree(
                _TOP / name,
                self.tree / name,
                ignore=shutil.ignore_patterns('__pycache__'),
            )
        self.blocks = [
            (path, name, textwrap.dedent(block).strip('\n') + '\n')
            for _, path, name, block in _BLOCK.findall(_PAGE.read_text())
        ]

    def follow(self, *without):
        for path, name, block in self.blocks:
            if path not in without:
                file = self.tree / path
                file.write_text(append(file.read_text(), name, block))

    def run_python(self, *arguments):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.tree,
            env={**os.environ, 'PYTHONPATH': str(self.tree)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run_tests(self, *arguments):
        """The number of tests that ran; fails if one of them failed."""
        done = self.run_python('-m', 'unittest', *arguments)
        self.assertEqual(0, done.returncode, done.stdout)
        return int(re.search(r'Ran (\d+) tests?', done.stdout)[1])

    def test_five_places(self):
        places = {path for path, _, _ in self.blocks}
        self.assertEqual(
            {
                'valence/api/controllers/v1/flavors.py',
                'valence/api/routes.py',
                'valence/policies/flavor.py',
                'valence/tests/functional/api/rbac_table.py',
                'valence/tests/functional/document/scenario.py',
            },
            places,
        )

    def test_the_endpoint_works(self):
        self.follow()
        files = ('api-ref/openapi.json', 'etc/valence/policy.yaml.sample')
        done = self.run_python(
            'tools/generate.py', 'valence/api/examples.json', *files
        )
        self.assertEqual(0, done.returncode, done.stdout)
        # Every persona of the table gets the status that the page says.
        rows = self.run_tests(
            '-k', 'flavors_id_copy', 'valence.tests.functional.api.test_rbac'
        )
        self.assertEqual(3, rows)
        self.run_tests(
            'valence.tests.unit.test_routes',
            'valence.tests.unit.test_bodies',
            'valence.tests.functional.api.test_rbac.TestWhole',
        )
        document, policies = ((self.tree / f).read_text() for f in files)
        operation = json.loads(document)['paths'][_PATH]['post']
        self.assertEqual(
            'Copy a flavor. The copy is private to the project.',
            operation['summary'],
        )
        body = operation['requestBody']['content']['application/json']
        self.assertEqual(
            {
                *('name', 'description'),
                *('lease_seconds', 'lease_max_seconds', 'lease_end'),
            },
            set(body['schema']['properties']),
        )
        self.assertIn('# Copy a flavor.', policies)
        self.assertEqual({'name': 'copy'}, body['example'])

    def test_no_step_is_superfluous(self):
        self.follow(
            'valence/policies/flavor.py',
            'valence/tests/functional/api/rbac_table.py',
        )
        for test, text in (
            (
                'unit.test_routes.TestRoutes'
                '.test_each_endpoint_has_a_rule_that_names_it',
                'composable:flavor:copy',
            ),
            (
                'functional.api.test_rbac.TestWhole'
                '.test_every_endpoint_has_a_row',
                'flavors/{id}/copy',
            ),
        ):
            done = self.run_python('-m', 'unittest', f'valence.tests.{test}')
            self.assertNotEqual(0, done.returncode, test)
            self.assertIn(text, done.stdout)
