#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the hashes of the migrations, which are never edited.

usage: landed.py FILE

Databases have run them as they are. A new migration is added to the list; one
that differs from its hash in tools/migrations.sha256 is an error. Remove the
line of a migration that no other checkout has seen, to change it.
"""

import hashlib
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
VERSIONS = TOP / 'valence/db/sqlalchemy/migrations/versions'
SUMS = pathlib.Path(__file__).resolve().parent / 'migrations.sha256'


def hashes() -> dict[str, str]:
    """Return the hashes of the files in the tree by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(VERSIONS.glob('[0-9]*.py'))
    }


def landed() -> dict[str, str]:
    """Return the recorded hashes by name, in the format of sha256sum."""
    lines = SUMS.read_text().splitlines() if SUMS.exists() else []
    return {name: digest for digest, name in map(str.split, lines)}


def main() -> int:
    """Write the hashes; return the exit status."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    present = hashes()
    wrong = [
        name
        for name, digest in landed().items()
        if present.get(name) != digest
    ]
    for name in wrong:
        print(
            f'{name} was changed after it landed: restore it, and write a '
            'new migration.',
            file=sys.stderr,
        )
    if wrong:
        return 1
    text = ''.join(f'{digest}  {name}\n' for name, digest in present.items())
    pathlib.Path(sys.argv[1]).write_text(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
