# SPDX-License-Identifier: Apache-2.0
"""``valence-manage``: administration of the database and the keys."""

import argparse
import datetime
import sys

from oslo_config import cfg

from valence import objects
from valence.common import exception
from valence.common import secrets
from valence.common import service
from valence.db import api as db
from valence.db import migration
from valence.db import purge
from valence.db import recount
from valence.db.sqlalchemy import models


def db_sync() -> None:
    """Upgrade the database schema."""
    migration.sync()
    print(f'The database is at revision {migration.current()}.')


def db_version() -> None:
    """Print the revision of the database schema."""
    print(migration.current() or 'empty')


def db_purge() -> None:
    """Delete old operations, findings that are over, usage and the like."""
    days = cfg.CONF.command.days
    keep = cfg.CONF.conductor.keep_operations if days is None else days
    before = db.now() - datetime.timedelta(days=keep)
    *others, last = (
        f'{count} {name}' for name, count in purge.everything(before).items()
    )
    print(f'Deleted {", ".join(others)} and {last}.')


def keys_create() -> None:
    """Create the first key that encrypts passwords, if there is none."""
    created = secrets.create_keys(
        cfg.CONF.command.user, cfg.CONF.command.group
    )
    path = cfg.CONF.credentials.key_repository
    print(f'{"Created a key" if created else "Found keys"} in {path}.')


def keys_rotate() -> None:
    """Create a key, encrypt all passwords with it, delete the oldest keys."""
    secrets.add_key()
    print(f'Encrypted {_reencrypt()} passwords with a new key.')
    secrets.drop_old_keys()


@db.transaction
def _reencrypt(tx: db.Transaction) -> int:
    count = 0
    for name in objects.PodManager.ENCRYPTED:
        column = getattr(models.PodManager, name)
        rows = tx.list(
            models.PodManager, column.is_not(None), only=('uuid', name)
        ).all()
        for row in rows:
            token = getattr(row, name)
            tx.update(
                models.PodManager,
                {name: secrets.renew(token)},
                column == token,
                uuid=row.uuid,
            )
        count += len(rows)
    return count


def capacity_check() -> None:
    """Compare the counters of hardware with the inventory."""
    repair = cfg.CONF.command.correct
    with db.reader() as tx:
        podm = models.PodManager
        podms = tx.list(podm, only=('uuid', 'name'), order=[podm.name]).all()
    count = 0
    for row in podms:
        for difference in recount.check(row.uuid, repair=repair):
            print(f'{row.name}: {difference}')
            count += 1
    print(f'{"Repaired" if repair else "Found"} {count} wrong counters.')
    if count and not repair:
        raise SystemExit(1)


COMMANDS = {
    'db': {
        'sync': db_sync,
        'version': db_version,
        'purge': db_purge,
    },
    'capacity': {'check': capacity_check},
    'credential-keys': {'create': keys_create, 'rotate': keys_rotate},
}


def _add_commands(
    subparsers: 'argparse._SubParsersAction[argparse.ArgumentParser]',
) -> None:
    for group, commands in COMMANDS.items():
        group_parser = subparsers.add_parser(group)
        inner = group_parser.add_subparsers(
            title='commands', required=True, metavar='COMMAND'
        )
        for name, function in commands.items():
            parser = inner.add_parser(name, help=function.__doc__)
            parser.set_defaults(function=function)
            if function is db_purge:
                parser.add_argument(
                    '--days',
                    type=int,
                    help='days for which operations are kept; default: '
                    '[conductor] keep_operations',
                )
            if function is keys_create:
                for name in ('user', 'group'):
                    parser.add_argument(
                        f'--{name}',
                        help=f'{name} of the directory of the keys, and of '
                        'all keys; default: that of this command',
                    )
            if function is capacity_check:
                parser.add_argument(
                    '--repair',
                    # There is a group of options of this name.
                    dest='correct',
                    action='store_true',
                    help='correct what is wrong',
                )


def main() -> None:
    """Run one command."""
    cfg.CONF.register_cli_opt(
        cfg.SubCommandOpt('command', title='commands', handler=_add_commands)
    )
    service.prepare()
    if cfg.CONF.command.name is None:
        cfg.CONF.print_help()
        raise SystemExit(2)
    try:
        cfg.CONF.command.function()
    except exception.ValenceException as exc:
        sys.exit(f'valence-manage: {exc.error_text().message}')
    except (OSError, LookupError) as exc:
        sys.exit(f'valence-manage: {exc}')
