# SPDX-License-Identifier: Apache-2.0
"""``valence-status upgrade check``."""

import functools
import sys
from collections.abc import Callable
from collections.abc import Iterable

import sqlalchemy as sa
from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from valence import health
from valence import objects
from valence.common import exception
from valence.common import secrets
from valence.conf import opts
from valence.db import api as db
from valence.db import failures
from valence.db import migration
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types
from valence.db.sqlalchemy.base import Base

Method = Callable[['Checks'], upgradecheck.Result]

# At most so many names are listed.
_NAMES = 5


def _result(check: Callable[[], None]) -> Method:
    """A check of oslo.upgradecheck, which says in a sentence what is wrong."""

    @functools.wraps(check)
    def method(self: 'Checks') -> upgradecheck.Result:
        try:
            check()
        except (*db.FAILURES, exception.ValenceException) as exc:
            text = failures.reason(exc)
        except health.Unhealthy as exc:
            text = str(exc)
        else:
            return upgradecheck.Result(upgradecheck.Code.SUCCESS)
        return upgradecheck.Result(upgradecheck.Code.FAILURE, text)

    return method


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    rest = len(found) - _NAMES
    return ', '.join(found[:_NAMES]) + (f' and {rest} more' * (rest > 0))


def _tables() -> None:
    """Check that no table or column of the revision is missing."""
    if migration.current() != migration.head():
        return
    with db.reader() as tx:
        seen = sa.inspect(tx.connection)
        tables = set(seen.get_table_names())
        missing = {f'{name}' for name in Base.metadata.tables} - tables
        for name in Base.metadata.tables.keys() & tables:
            columns = {column['name'] for column in seen.get_columns(name)}
            missing |= {
                f'{name}.{column.name}'
                for column in Base.metadata.tables[name].columns
                if column.name not in columns
            }
    if missing:
        raise health.Unhealthy(
            f'The database is at the revision of this release, but lacks '
            f'{_listed(missing)}: restore it from a backup.'
        )


def _charset() -> None:
    """Check that the database can store all characters."""
    with db.reader() as tx:
        if tx.connection.dialect.name == 'postgresql':
            found = tx.connection.execute(sa.text('SHOW server_encoding'))
            encoding = found.scalar_one()
            if encoding != 'UTF8':
                raise health.Unhealthy(
                    f'The encoding of the database is {encoding}: move the '
                    f'data to one with the encoding UTF8.'
                )
        elif tx.connection.dialect.name in types.MYSQL:
            rows = tx.connection.execute(
                sa.text(
                    'SELECT table_name FROM information_schema.tables '
                    'WHERE table_schema = DATABASE() '
                    "AND table_collation NOT LIKE 'utf8mb4%'"
                )
            )
            names = {name for (name,) in rows if name in Base.metadata.tables}
            if names:
                raise health.Unhealthy(
                    f'The character set of {_listed(names)} is not utf8mb4: '
                    f'run "ALTER TABLE ... CONVERT TO CHARACTER SET utf8mb4" '
                    f'for each.'
                )


def _keys() -> None:
    """Check that all passwords can be decrypted."""
    if migration.current() is None:
        return
    with db.reader() as tx:
        rows = tx.list(
            models.PodManager, only=('name', *objects.PodManager.ENCRYPTED)
        ).all()
    unknown = set()
    for row in rows:
        try:
            for token in db.values(row)[1:]:
                secrets.decrypt(token)
        except secrets.CredentialKeyUnknown:
            unknown.add(row.name)
    if unknown:
        raise health.Unhealthy(
            f'No key in {cfg.CONF.credentials.key_repository} decrypts the '
            f'passwords of {_listed(unknown)}: copy the keys from another '
            f'host or a backup, or set these passwords again.'
        )


class Checks(upgradecheck.UpgradeCommands):
    """Checks to pass before the services of this release start."""

    _upgrade_checks = (
        ('Database', _result(health.database)),
        ('Database schema', _result(health.schema_of_this_release)),
        ('Tables', _result(_tables)),
        ('Character set', _result(_charset)),
        ('Credential keys', _result(_keys)),
    )


def main() -> int:
    """Run the checks; returns the exit status."""
    opts.set_defaults()
    return int(
        upgradecheck.main(
            cfg.CONF, project='valence', upgrade_command=Checks()
        )
    )


if __name__ == '__main__':
    sys.exit(main())
