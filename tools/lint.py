#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All checks of the source tree.

``make lint``, ``make test``, tox and the pre-commit hooks call this script.

usage: lint.py [CHECK ...]    default: all checks; --list names them
"""

import ast
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

TOP = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(sys.executable).parent

PACKAGES = ('valence', 'simulator', 'client', 'dashboard')
CODE = tuple(
    name
    for name in (*PACKAGES, 'tools', 'benchmarks', 'doc', 'releasenotes')
    if (TOP / name).is_dir()
)
DOCUMENTATION = tuple(
    name
    for name in (
        'doc/source',
        'releasenotes/source',
        'README.rst',
        *(f'{package}/README.rst' for package in PACKAGES[1:]),
    )
    if (TOP / name).exists()
)

SHELL = tuple(
    str(path.relative_to(TOP))
    for pattern in (
        *('.ci/run', 'devstack/*', 'valence/tests/**/*.sh'),
        'client/valenceclient/*.bash',
    )
    for path in sorted(TOP.glob(pattern))
    if path.suffix != '.sample'
)

# The largest number of lines. Migrations are generated.
FILE_LINES = 400
FUNCTION_LINES = 40
GENERATED = 'migrations/versions'

# Name, description and command of each check. The commands are those of the
# Python environment of this script.
CHECKS: dict[str, tuple[str, list[str]]] = {
    'ruff': ('errors and code smells', ['ruff', 'check', '.']),
    'format': ('code format', ['ruff', 'format', '--check', '.']),
    # The rules of low severity are among those of ruff.
    'bandit': (
        'security flaws',
        ['bandit', '-q', '-ll', '-x', '*/tests/*', '-r', *PACKAGES],
    ),
    'hacking': ('OpenStack style', ['flake8', *CODE]),
    'sizes': (
        'lengths of files and functions',
        ['python', 'tools/lint.py', '--sizes'],
    ),
    'mypy': ('types', ['mypy']),
    'codespell': ('spelling', ['codespell']),
    'doc8': ('format of documentation', ['doc8', '-q', *DOCUMENTATION]),
    'shellcheck': ('errors in shell scripts', ['shellcheck', '-x', *SHELL]),
    # Not all scripts are named .sh, and URLs may exceed the line length.
    'bashate': (
        'format of shell scripts',
        ['bashate', '-i', 'E005,E006', *SHELL],
    ),
    'generated': (
        'generated files',
        ['python', 'tools/generate.py', '--check'],
    ),
    'notes': ('release notes', ['reno', 'lint']),
    'docs': (
        'documentation',
        ['sphinx-build', '-W', '--keep-going', '-q', '-j', 'auto']
        + ['-d', 'doc/build/doctrees', 'doc/source', 'doc/build/html'],
    ),
    'releasenotes': (
        'release notes pages',
        ['sphinx-build', '-W', '--keep-going', '-q']
        + ['-d', 'releasenotes/build/doctrees']
        + ['releasenotes/source', 'releasenotes/build/html'],
    ),
}
NEED_GIT = ('notes', 'releasenotes')


def too_long(path: pathlib.Path) -> Iterator[str]:
    """Describe a file that is too long, and each such function in it."""
    text = path.read_text()
    name = path.relative_to(TOP)
    lines = len(text.splitlines())
    if lines > FILE_LINES:
        yield f'{name}: {lines} lines'
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f'{name}:{node.lineno}: {node.name}, {lines} lines'


def sizes() -> int:
    """Print the files and functions that are too long; the exit status."""
    found = [
        line
        for package in CODE
        for path in sorted((TOP / package).rglob('*.py'))
        if GENERATED not in path.as_posix()
        for line in too_long(path)
    ]
    print('\n'.join(found))
    return 1 if found else 0


def has_git() -> bool:
    """Return whether this is a git checkout, and git is installed."""
    return (TOP / '.git').exists() and shutil.which('git') is not None


def run(name: str) -> bool:
    """Run a check; return whether it passed."""
    description, command = CHECKS[name]
    if name in NEED_GIT and not has_git():
        print(f'{name:12} skipped: not a git checkout')
        return True
    began = time.monotonic()
    result = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=TOP,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, 'PYTHONWARNINGS': 'ignore'},
    )
    seconds = time.monotonic() - began
    verdict = 'FAILED' if result.returncode else 'ok'
    output = result.stdout if result.returncode else ''
    # One string: checks that run at the same time do not mix their lines.
    print(
        f'{name:12} {verdict}: {description} ({seconds:.1f} s)\n{output}',
        end='',
        flush=True,
    )
    return result.returncode == 0


def main(arguments: list[str]) -> int:
    """Run the given checks, or all; return the exit status."""
    if arguments == ['--list']:
        for name, (description, _) in CHECKS.items():
            print(f'{name:12} {description}')
        return 0
    if arguments == ['--sizes']:
        return sizes()
    unknown = [name for name in arguments if name not in CHECKS]
    if unknown:
        print(f'Unknown check {unknown[0]}; see --list', file=sys.stderr)
        return 2
    names = arguments or list(CHECKS)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = pool.map(run, names)
        failed = [
            name for name, ok in zip(names, passed, strict=True) if not ok
        ]
    if failed:
        print(f'Failed checks: {", ".join(failed)}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
