#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the migration that the present models ask for.

usage: migration.py MESSAGE    for example: migration.py 'Racks have rooms.'

It is found by comparing the models with a fresh database at the newest
migration. Read what was written before committing it.
"""

import pathlib
import subprocess
import sys
import tempfile

from alembic import command
from alembic import script
from oslo_config import cfg

import lint
import valence.cmd  # noqa: F401 - chooses the backend of oslo.service
from valence.conf import opts
from valence.db import migration
from valence.db.sqlalchemy import engine

# The message is the first line of the module: a docstring of one line.
_LONGEST = 79 - len('""""""')


def sentence(message: str) -> str:
    """The message as the docstring of the migration.

    :raises ValueError: when it cannot stand there.
    """
    text = message.strip().rstrip('.') + '.'
    if len(text) > _LONGEST or set(text) & set('"\\\n') or text == '.':
        raise ValueError(
            f'MESSAGE has to be one line of at most {_LONGEST - 1} '
            'characters, without " and \\.'
        )
    return text


def write(message: str) -> list[pathlib.Path]:
    """Write the migration; returns the files written."""
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
            made = command.revision(
                config,
                message=message,
                autogenerate=True,
                rev_id=f'{number:04}',
            )
    return [
        pathlib.Path(revision.path)
        for revision in (made if isinstance(made, list) else [made])
        if revision is not None
    ]


def tidy(paths: list[pathlib.Path]) -> None:
    """Give files the layout of the code, and drop imports of no use."""
    for command_ in (['check', '--fix-only'], ['format']):
        subprocess.run(
            [lint.BIN / 'ruff', *command_, '--quiet', *paths], check=True
        )


def main() -> int:
    """Write it; the exit status."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        message = sentence(sys.argv[1])
    except ValueError as exc:
        print(exc, file=sys.stderr)
        return 2
    paths = write(message)
    tidy(paths)
    for path in paths:
        print(f'Wrote {path.name}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
