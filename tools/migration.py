#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the migration that the present models ask for.

usage: migration.py MESSAGE    for example: migration.py 'Racks have rooms.'

It is found by comparing the models with a fresh database at the newest
migration. Read what was written before committing it.
"""

import pathlib
import sys
import tempfile

from alembic import command
from alembic import script
from oslo_config import cfg

import valence.cmd  # noqa: F401 - chooses the backend of oslo.service
from valence.conf import opts
from valence.db import migration
from valence.db.sqlalchemy import engine


def main() -> int:
    """Write it; the exit status."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        opts.set_defaults()
        cfg.CONF(
            ['--config-file', '/dev/null'],
            project='valence',
            default_config_dirs=[],
        )
        engine.get_engine.cache_clear()
        cfg.CONF.set_override('state_path', directory)
        migration.sync()
        with engine.begin() as connection:
            config = migration.alembic()
            config.attributes['connection'] = connection
            scripts = script.ScriptDirectory.from_config(config)
            number = len(list(scripts.walk_revisions())) + 1
            made = command.revision(
                config,
                message=sys.argv[1],
                autogenerate=True,
                rev_id=f'{number:04}',
            )
    for revision in made if isinstance(made, list) else [made]:
        if revision is not None:
            print(f'Wrote {pathlib.Path(revision.path).name}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
