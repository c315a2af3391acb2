#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the migration from the newest revision to the models.

usage: migration.py MESSAGE    for example: migration.py 'Racks have rooms.'

It compares the models with a new database at the newest revision. Review the
result before you commit it.
"""

import pathlib
import subprocess
import sys
import tempfile

from alembic import command
from alembic import script
from oslo_config import cfg

import lint
import valence.cmd  # noqa: F401 - selects the backend of oslo.service
from valence.conf import opts
from valence.db import migration
from valence.db.sqlalchemy import engine

# The message is the one-line docstring of the migration.
_LONGEST = 79 - len('""""""')


def to_docstring(message: str) -> str:
    """Return the message as the docstring of the migration.

    :raises ValueError: if the message is not suitable.
    """
    text = message.strip().rstrip('.') + '.'
    if len(text) > _LONGEST or set(text) & set('"\\\n') or text == '.':
        raise ValueError(
            f'MESSAGE has to be one line of at most {_LONGEST - 1} '
            'characters, without " and \\.'
        )
    return text


def write(message: str) -> list[pathlib.Path]:
    """Write the migration; return the written files."""
    with tempfile.TemporaryDirectory() as directory:
        opts.set_defaults()
        cfg.CONF(
            ['--config-file', '/dev/null'],
            project='valence',
            default_config_dirs=[],
        )
        engine.dispose()
        cfg.CONF.set_override('state_path', directory)
        migration.sync()
        with engine.begin() as connection:
            config = migration.alembic()
            config.attributes['connection'] = connection
            scripts = script.ScriptDirectory.from_config(config)
            number = len(list(scripts.walk_revisions())) + 1
            created = command.revision(
                config,
                message=message,
                autogenerate=True,
                rev_id=f'{number:04}',
            )
    return [
        pathlib.Path(revision.path)
        for revision in (created if isinstance(created, list) else [created])
        if revision is not None
    ]


def format_files(paths: list[pathlib.Path]) -> None:
    """Format files and remove unused imports."""
    for command_ in (['check', '--fix-only'], ['format']):
        subprocess.run(
            [lint.BIN / 'ruff', *command_, '--quiet', *paths], check=True
        )


def main() -> int:
    """Write the migration; return the exit status."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        message = to_docstring(sys.argv[1])
    except ValueError as exc:
        print(exc, file=sys.stderr)
        return 2
    paths = write(message)
    format_files(paths)
    for path in paths:
        print(f'Wrote {path.name}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
