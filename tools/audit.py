#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Look for known vulnerabilities of what is installed, with pip-audit.

usage: audit.py [DIRECTORY]    where pip-audit is installed

The exit status is 0 if no vulnerability is known, 1 if there are some, and 3
if no advisories could be had: then nothing is known about the packages.
"""

import importlib.metadata
import json
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

VULNERABLE = 1
UNKNOWN = 3
# Not on the index.
OWN = ('valence', 'valence-simulator', 'python-valenceclient')
OWN += ('valence-dashboard',)


def installed() -> list[str]:
    """Return the packages in this environment as requirements."""
    return sorted(
        {
            f'{found.name}=={found.version}'
            for found in importlib.metadata.distributions()
            if found.name not in OWN
        }
    )


def advisories(
    directory: pathlib.Path, packages: list[str]
) -> list[dict[str, Any]] | None:
    """Ask pip-audit; return what it says of each package, None for nothing.

    It fails without a connection, but where the index answers without
    advisories it skips packages, and reports no vulnerability.
    """
    with tempfile.TemporaryDirectory() as temporary:
        requirements = pathlib.Path(temporary) / 'requirements.txt'
        requirements.write_text('\n'.join(packages))
        answer = pathlib.Path(temporary) / 'answer.json'
        subprocess.run(
            [
                *(str(directory / 'bin' / 'pip-audit'), '--no-deps'),
                *('--disable-pip', '-r', str(requirements)),
                *('--format', 'json', '--output', str(answer)),
                *('--progress-spinner', 'off', '--timeout', '30'),
            ]
        )
        if not answer.exists() or not answer.stat().st_size:
            return None
        found: list[dict[str, Any]] = json.loads(answer.read_text())[
            'dependencies'
        ]
        return found


def report(found: list[dict[str, Any]] | None) -> int:
    """Print the result; return the exit status."""
    known = [each for each in found or () if 'skip_reason' not in each]
    if not known:
        print(
            'No advisories could be had: the service is not reachable, or '
            'has none. Nothing was audited.'
        )
        return UNKNOWN
    flawed = 0
    for each in known:
        for flaw in each['vulns']:
            flawed += 1
            fixed = ', '.join(flaw['fix_versions']) or 'no version'
            print(
                f'{each["name"]} {each["version"]}: {flaw["id"]}, '
                f'fixed in {fixed}'
            )
    skipped = len(found or ()) - len(known)
    print(
        f'{len(known)} packages audited, {skipped} without advisories, '
        f'{flawed} known vulnerabilities'
    )
    return VULNERABLE if flawed else 0


def main(directory: pathlib.Path) -> int:
    """Audit this environment; return the exit status."""
    return report(advisories(directory, installed()))


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1] if sys.argv[1:] else sys.prefix)))
