#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks of the source, all of them, in one place.

``make lint``, ``make test``, tox and the pre-commit hooks come here.

usage: lint.py [CHECK ...]    default: every check; --list names them
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(sys.executable).parent

PACKAGES = ('valence', 'simulator', 'client', 'dashboard')
CODE = tuple(
    name
    for name in (*PACKAGES, 'tools', 'benchmarks', 'doc', 'releasenotes')
    if (TOP / name).is_dir()
)
PROSE = tuple(
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
    for pattern in ('.ci/run', 'devstack/*', 'valence/tests/**/*.sh')
    for path in sorted(TOP.glob(pattern))
)

# What it is called, what it looks after, the command. Commands are those of
# the environment that this runs in.
CHECKS: dict[str, tuple[str, list[str]]] = {
    'ruff': ('mistakes and bad habits', ['ruff', 'check', '.']),
    'format': ('layout of the code', ['ruff', 'format', '--check', '.']),
    'hacking': ('OpenStack style', ['flake8', *CODE]),
    'mypy': ('types', ['mypy']),
    'codespell': ('spelling', ['codespell']),
    'doc8': ('layout of the prose', ['doc8', '-q', *PROSE]),
    'shellcheck': ('mistakes in shell', ['shellcheck', '-x', *SHELL]),
    # Not all are named .sh; and a line may be as long as an URL.
    'bashate': ('layout of shell', ['bashate', '-i', 'E005,E006', *SHELL]),
    'generated': (
        'freshness of generated files',
        ['python', 'tools/generate.py', '--check'],
    ),
    'notes': ('release notes', ['reno', 'lint']),
    'docs': (
        'documentation',
        ['sphinx-build', '-W', '--keep-going', '-q', '-j', 'auto']
        + ['-d', 'doc/build/doctrees', 'doc/source', 'doc/build/html'],
    ),
    'releasenotes': (
        'pages of the release notes',
        ['sphinx-build', '-W', '--keep-going', '-q']
        + ['-d', 'releasenotes/build/doctrees']
        + ['releasenotes/source', 'releasenotes/build/html'],
    ),
}
NEED_GIT = ('notes', 'releasenotes')


def has_git() -> bool:
    """Whether this is a git checkout, and git is there to read it."""
    return (TOP / '.git').exists() and shutil.which('git') is not None


def run(name: str) -> bool:
    """Run one check; whether all is well."""
    about, command = CHECKS[name]
    if name in NEED_GIT and not has_git():
        print(f'{name:12} skipped: it reads the history of a git checkout')
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
    print(f'{name:12} {verdict}: {about} ({seconds:.1f} s)', flush=True)
    if result.returncode:
        print(result.stdout, flush=True)
    return result.returncode == 0


def main(arguments: list[str]) -> int:
    """Run the checks that are named, or all; the exit status."""
    if arguments == ['--list']:
        for name, (about, _) in CHECKS.items():
            print(f'{name:12} {about}')
        return 0
    unknown = [name for name in arguments if name not in CHECKS]
    if unknown:
        print(f'There is no check {unknown[0]}; see --list', file=sys.stderr)
        return 2
    failed = [name for name in arguments or CHECKS if not run(name)]
    if failed:
        print(f'These checks failed: {", ".join(failed)}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
