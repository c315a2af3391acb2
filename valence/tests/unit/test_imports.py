# SPDX-License-Identifier: Apache-2.0
"""Each module can be imported first: a driver is, by its entry point."""

import ast
import graphlib
import pathlib
from collections.abc import Iterator

import valence
from valence.tests import base

_TOP = pathlib.Path(valence.__file__).parent


def _modules() -> dict[str, pathlib.Path]:
    """The modules by name, without the tests."""
    found = {}
    for path in _TOP.rglob('*.py'):
        parts = path.relative_to(_TOP.parent).with_suffix('').parts
        if parts[-1] == '__init__':
            parts = parts[:-1]
        if 'tests' not in parts:
            found['.'.join(parts)] = path
    return found


def _imported(
    path: pathlib.Path, known: dict[str, pathlib.Path]
) -> Iterator[str]:
    """The modules that a module imports before it is complete."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in known)
        elif isinstance(node, ast.ImportFrom):
            for one in node.names:
                inner = f'{node.module}.{one.name}'
                yield inner if inner in known else str(node.module)


class TestImports(base.TestCase):
    def test_no_module_imports_itself_by_others(self):
        known = _modules()
        self.assertIn('valence.podmanagers.redfish.parts', known)
        graph = {
            name: {one for one in _imported(path, known) if one in known}
            for name, path in known.items()
        }
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as exc:
            self.fail(f'An import leads back: {" -> ".join(exc.args[1])}')
