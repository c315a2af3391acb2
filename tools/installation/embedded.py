# SPDX-License-Identifier: Apache-2.0
"""A host with Valence in a single process: install, back up, upgrade."""

import pathlib

from tools.installation import machines
from tools.installation.machines import Machine
from tools.installation.pages import BACKUP
from tools.installation.pages import INSTALL
from tools.installation.pages import PACKAGES

_STATE = '/var/lib/valence'
REQUEST = 'curl -sf http://127.0.0.1:8181/v1/pod_managers'
CREATE = (
    f"{REQUEST} -H 'Content-Type: application/json' -d"
    ' \'{"name": "away", "url": "http://127.0.0.1:1", "password": "secret"}\''
)


def run(directory: pathlib.Path, before: str, revision: str) -> None:
    """Install an older release as the page says, and upgrade it.

    :param before: the commit that is installed first.
    :param revision: the one it is upgraded to.
    """
    host = Machine(directory, 'single', 5)
    _install(host, before)
    host.install('apt-get -qq update; apt-get -qqy install sqlite3')
    with machines.network():
        try:
            host.boot()
            units = INSTALL.block(PACKAGES, 1)
            host.run(units.replace('valence-api.service', 'valence.service'))
            _follow(host, revision)
        finally:
            host.stop()


def _install(host: Machine, revision: str) -> None:
    host.copy(revision)
    commands = INSTALL.block('From a checkout', 1)
    host.install(f'cd /root/valence; {commands}')


def _follow(host: Machine, revision: str) -> None:
    """Start it, back it up, upgrade it, and restore the backup."""
    host.write(
        '/etc/valence/valence.conf', f'[DEFAULT]\nstate_path = {_STATE}\n'
    )
    host.run('chgrp valence /etc/valence/valence.conf')
    host.run('systemctl enable --now valence')
    _, curl = INSTALL.lines('Single process')
    host.wait(f'{curl} | grep v1')
    host.run(CREATE)
    backup = BACKUP.block('What to back up', 1)
    host.run(backup.replace('~/.local/state/valence', _STATE))
    host.run(f'cp -a {_STATE}/credential-keys .')
    host.run('systemctl stop valence')
    _install(host, revision)
    host.run('systemctl start valence')
    host.wait(f'{REQUEST} | grep away')
    host.run('systemctl stop valence')
    host.run(f'rm -r {_STATE}/*')
    host.run(
        f'cp valence.sqlite {_STATE}/; cp -a credential-keys {_STATE}/;'
        f' chown valence: {_STATE}/valence.sqlite'
    )
    host.run('systemctl start valence')
    host.wait(f'{REQUEST} | grep away')
