#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a part of the tests in virtual environments of other versions.

usage: environments.py lowest     the lowest versions of all requirements
       environments.py pythons    each Python that setup.cfg names

The part is in SELECTION, or what VALENCE_TEST_SELECTION says. The environments
are kept in .environments. The exit status is nonzero if a test fails, or if
the requirements cannot be installed; an interpreter that is missing is only
reported.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

TOP = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENTS = TOP / '.environments'
PACKAGES = ('.', 'simulator', 'client', 'dashboard')

# All unit tests, and one functional test of each thing that a library does:
# HTTP in both directions, databases, messages, commands and drivers.
SELECTION = '|'.join(
    (
        r'\.tests\.unit\.',
        r'functional\.api\.test_(bad_input|pod_managers|versions)\.',
        r'functional\.conductor\.test_(compose|status)\.',
        r'functional\.database\.test_(migrations|queue|unavailable)\.',
        r'contract\.test_drivers\.',
        r'valence_simulator\.tests\.test_(eem|rsd_compose|events)\.',
        r'valenceclient\.tests\.functional\.test_(nodes|pod_managers|shell)\.',
        r'valence_dashboard\.tests\.functional\.test_(browser|pages)\.',
    )
)
# What these tests import or run; the other requirements are for checks.
TOOLS = (
    *('fixtures', 'hypothesis', 'openapi-spec-validator', 'oslotest'),
    *('psycopg2-binary', 'PyMySQL', 'python-memcached', 'pyuwsgi'),
    *('python-openstackclient', 'python-subunit', 'selenium', 'stestr'),
    'testtools',
)
# The style sheet of the oldest Horizon needs the files of this version. Its
# requirements do not say so; the constraints of its release do.
OF_HORIZON = {'XStatic-Font-Awesome': '4.7.0.0'}


def lower_bounds() -> dict[str, str]:
    """Return the lowest version of each requirement, by name.

    :raises ValueError: for a requirement without lower bound, and for one of
        which two packages state different bounds: only one can be tested.
    """
    found: dict[str, str] = {}
    for package in PACKAGES:
        for line in (TOP / package / 'requirements.txt').open():
            requirement = line.partition('#')[0].strip()
            if not requirement:
                continue
            match = re.match(r'([\w.-]+)(?:\[.*\])?>=([\w.]+)', requirement)
            if match is None:
                raise ValueError(f'{package}: {requirement} lacks a bound')
            name, version = match.groups()
            if found.setdefault(name, version) != version:
                raise ValueError(f'{package}: another bound of {name}')
    return found


def pip(environment: pathlib.Path, *arguments: str) -> bool:
    """Run pip; return whether it succeeded."""
    command = [
        *(str(environment / 'bin' / 'python'), '-m', 'pip', '-qq'),
        *('--disable-pip-version-check', 'install', '--use-pep517'),
        *arguments,
    ]
    return subprocess.run(command, cwd=TOP).returncode == 0


def install(name: str, python: str, constraints: dict[str, str]) -> bool:
    """Create or update an environment; return whether that succeeded.

    :param name: of the directory.
    :param python: the interpreter.
    :param constraints: versions by name of requirement.
    """
    environment = ENVIRONMENTS / name
    print(f'Installing in {environment.relative_to(TOP)}', flush=True)
    subprocess.run([python, '-m', 'venv', str(environment)], check=True)
    file = environment / 'constraints.txt'
    file.write_text(
        ''.join(f'{key}=={value}\n' for key, value in constraints.items())
    )
    files = [
        argument
        for package in PACKAGES
        for argument in ('-r', f'{package}/requirements.txt')
    ]
    # The packages need each other, and no index has them.
    editable = [part for name in PACKAGES for part in ('-e', f'./{name}')]
    return pip(environment, '-c', str(file), *files, *TOOLS) and pip(
        environment, '--no-deps', *editable
    )


def run(name: str) -> bool:
    """Run the tests in an environment; return whether they passed."""
    selection = os.environ.get('VALENCE_TEST_SELECTION', SELECTION)
    return (
        subprocess.run(
            [
                str(ENVIRONMENTS / name / 'bin' / 'python'),
                *('tools/test.py', '--no-lint', selection),
            ],
            cwd=TOP,
        ).returncode
        == 0
    )


def lowest() -> bool:
    """Test the lowest version of each requirement."""
    constraints = {**OF_HORIZON, **lower_bounds()}
    return install('lowest', sys.executable, constraints) and run('lowest')


def versions() -> list[str]:
    """Return the versions of Python that setup.cfg names."""
    text = (TOP / 'setup.cfg').read_text()
    return re.findall(r'Python :: (\d+\.\d+)', text)


def interpreters(version: str) -> Iterator[str]:
    """Find the interpreters of a version, the preferred one first."""
    for path in (
        shutil.which(f'python{version}'),
        *sorted(
            pathlib.Path.home().glob(f'.pyenv/versions/{version}.*/bin/python')
        ),
    ):
        # What is found in the path may be a shim of nothing.
        if (
            path is not None
            and not subprocess.run(
                [path, '-c', 'import venv, ensurepip'], capture_output=True
            ).returncode
        ):
            yield str(path)


def pythons() -> bool:
    """Test each version of Python that is installed."""
    results = {}
    for version in versions():
        python = next(interpreters(version), None)
        if python is None:
            results[version] = 'not installed: not tested'
            continue
        ok = install(version, python, {}) and run(version)
        results[version] = 'passed' if ok else 'FAILED'
    for version, result in results.items():
        print(f'Python {version}: {result}')
    return 'FAILED' not in results.values()


if __name__ == '__main__':
    modes = {'lowest': lowest, 'pythons': pythons}
    if len(sys.argv) != 2 or sys.argv[1] not in modes:
        sys.exit(__doc__)
    sys.exit(0 if modes[sys.argv[1]]() else 1)
