#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the files that are generated from the code.

With ``--check`` it writes nothing, but fails and lists the files that do not
match the code.
"""

import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable

import sdk

TOP = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(sys.executable).parent

# The languages of the dashboard.
LOCALE = TOP / 'dashboard' / 'valence_dashboard' / 'locale'

_OPENAPI = ['python', 'tools/openapi.py', '--output-file']

# The files, and the commands that write them; the file name is appended.
GENERATED: dict[str, list[str]] = {
    'etc/valence/valence.conf.sample': [
        'oslo-config-generator',
        '--config-file',
        'etc/valence/config-generator.conf',
        '--output-file',
    ],
    'etc/valence/api_audit_map.conf': ['python', 'tools/audit_map.py'],
    'etc/valence/policy.yaml.sample': [
        'oslopolicy-sample-generator',
        '--config-file',
        'etc/valence/policy-generator.conf',
        '--output-file',
    ],
    # Horizon hides what these rules do not allow.
    'dashboard/valence_dashboard/conf/composable.yaml': [
        'python',
        'tools/horizon_policy.py',
        '--output-file',
    ],
    # The OpenAPI document contains them.
    'valence/api/examples.json': ['python', 'tools/examples.py'],
    'api-ref/openapi.json': _OPENAPI,
    'doc/source/user/limits.rst': ['python', 'tools/limits.py'],
    'doc/source/user/pairs.rst': ['python', 'tools/pairs.py'],
    'doc/source/admin/notification-samples.rst': [
        'python',
        'tools/notification_samples.py',
    ],
    'doc/source/user/errors.rst': ['python', 'tools/errors.py'],
    'doc/source/contributor/images/schema.svg': ['python', 'tools/schema.py'],
    # Landed migrations are never edited.
    'tools/migrations.sha256': ['python', 'tools/landed.py'],
    # The client generates its commands from this copy.
    'client/valenceclient/openapi.json': _OPENAPI,
    # The classes of the SDK have the fields of the document.
    **{
        f'client/valenceclient/v1/resources/{name}.py': [
            *('python', 'tools/sdk.py', name)
        ]
        for name in sdk.KINDS
    },
    'dashboard/valence_dashboard/conf/reasons.json': [
        *('python', 'tools/reasons.py')
    ],
    # They contain texts of these two.
    **{
        str(path.relative_to(TOP) / 'LC_MESSAGES' / name): [
            *('python', 'tools/messages.py', path.name, name)
        ]
        for path in sorted(LOCALE.glob('*'))
        for name in ('django.po', 'djangojs.po', 'django.mo', 'djangojs.mo')
    },
}


def generate(name: str, path: pathlib.Path) -> None:
    """Write one of the files to ``path``.

    :raises CalledProcessError: if the generator fails.
    """
    command = [*GENERATED[name], str(path)]
    command[0] = str(BIN / command[0])
    subprocess.run(
        command,
        cwd=TOP,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, 'PYTHONWARNINGS': 'ignore'},
    )


def own_options(text: str) -> str:
    """Return the part of a sample configuration with Valence's own options.

    The other options are those of libraries, and change with their releases.
    """
    kept = []
    for section in re.split(r'(?m)^(?=\[)', text):
        title, _, body = section.partition('\n')
        parts = re.split(r'(?m)^#\n# From (\S+)\n#\n', body)
        for source, options in zip(parts[1::2], parts[2::2], strict=True):
            if source == 'valence.conf':
                kept += [title, options.strip()]
    return '\n'.join(kept)


# How to normalize a file before the comparison.
NORMALIZE: dict[str, Callable[[str], str]] = {
    'etc/valence/valence.conf.sample': own_options,
}


def _text(path: pathlib.Path) -> str:
    """Return the content of a file, which may be binary, as text."""
    return path.read_bytes().decode(errors='backslashreplace')


def is_fresh(name: str) -> bool:
    """Return whether a file matches the code; print the difference if not."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / 'generated'
        try:
            generate(name, path)
        except subprocess.CalledProcessError:
            # The generator has said why.
            return False
        normalize = NORMALIZE.get(name, str)
        try:
            current = normalize(_text(TOP / name))
        except FileNotFoundError:
            current = ''
        expected = normalize(_text(path))
    lines = difflib.unified_diff(
        current.splitlines(),
        expected.splitlines(),
        name,
        'generated',
        lineterm='',
    )
    difference = list(lines)
    print('\n'.join(difference[:40]))
    return not difference


def main() -> int:
    """Write or check the files; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--check', action='store_true')
    parser.add_argument('names', nargs='*', help='default: all')
    options = parser.parse_args()
    names = options.names or list(GENERATED)
    if not options.check:
        for name in names:
            generate(name, TOP / name)
            print(f'Wrote {name}')
        return 0
    stale = [name for name in names if not is_fresh(name)]
    for name in stale:
        print(f'{name} is stale: run "make samples"', file=sys.stderr)
    return 1 if stale else 0


if __name__ == '__main__':
    sys.exit(main())
