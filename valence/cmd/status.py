# SPDX-License-Identifier: Apache-2.0
"""``valence-status upgrade check``."""

import itertools
import sys

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from valence import objects
from valence.common import secrets
from valence.conf import opts
from valence.db import api as db
from valence.db import migration
from valence.db.sqlalchemy import models


class Checks(upgradecheck.UpgradeCommands):
    """Checks to pass before the services of this release start."""

    def _schema(self) -> upgradecheck.Result:
        current, head = migration.current(), migration.head()
        if current == head:
            return upgradecheck.Result(upgradecheck.Code.SUCCESS)
        return upgradecheck.Result(
            upgradecheck.Code.FAILURE,
            f'The database is at revision {current}, this release requires '
            f'{head}: run "valence-manage db sync".',
        )

    def _keys(self) -> upgradecheck.Result:
        if migration.current() is None:
            return upgradecheck.Result(upgradecheck.Code.SUCCESS)
        with db.reader() as tx:
            rows = tx.list(
                models.PodManager, only=objects.PodManager.ENCRYPTED
            ).all()
        try:
            for token in itertools.chain.from_iterable(map(db.values, rows)):
                secrets.decrypt(token)
        except (
            secrets.CredentialKeysMissing,
            secrets.CredentialKeyUnknown,
        ) as exc:
            return upgradecheck.Result(upgradecheck.Code.FAILURE, str(exc))
        return upgradecheck.Result(upgradecheck.Code.SUCCESS)

    _upgrade_checks = (
        ('Database schema', _schema),
        ('Credential keys', _keys),
    )


def main() -> int:
    """Run the checks; returns the exit status."""
    opts.set_defaults()
    return upgradecheck.main(
        cfg.CONF, project='valence', upgrade_command=Checks()
    )


if __name__ == '__main__':
    sys.exit(main())
