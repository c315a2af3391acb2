# SPDX-License-Identifier: Apache-2.0
"""A real Keystone with users of all kinds."""

import sys
from typing import Any

import openstack

from valence_dashboard.tests.functional import processes

_VENV = processes.CACHE / 'keystone'
_PACKAGES = ('keystone==30.0.0', 'pyuwsgi')
_CONFIGURATION = """
[DEFAULT]
use_stderr = false
log_file = {directory}/keystone.log
[database]
connection = sqlite:///{directory}/keystone.db
[fernet_tokens]
key_repository = {directory}/fernet-keys
[fernet_receipts]
key_repository = {directory}/fernet-keys
[credential]
key_repository = {directory}/credential-keys
[identity]
password_hash_rounds = 4
max_password_length = 72
[cache]
enabled = true
backend = dogpile.cache.memory
[oslo_messaging_notifications]
driver = noop
"""
# Users by name, with a role and a project.
USERS = {'demo': ('member', 'demo'), 'reader': ('reader', 'demo')}


class Keystone:
    """A Keystone, and the service ``composable`` in its catalogue."""

    def __init__(self, service_url: str) -> None:
        self._install()
        self.directory = processes.directory() / 'keystone'
        self.directory.mkdir()
        for name in ('fernet-keys', 'credential-keys'):
            (self.directory / name).mkdir(mode=0o700)
        self._file = self.directory / 'keystone.conf'
        self._file.write_text(_CONFIGURATION.format(directory=self.directory))
        port = processes.free_port()
        self.url = f'http://127.0.0.1:{port}/v3'
        self._bootstrap()
        self.process = processes.uwsgi(
            'keystone.wsgi.api:application',
            port,
            *(_VENV / 'bin' / 'uwsgi', '--venv', _VENV),
            # SQLite takes one writer, and its cache is one process's own.
            *('--threads', '1', '--disable-logging'),
            OS_KEYSTONE_CONFIG_FILES=str(self._file),
        )
        self._seed(service_url)

    @staticmethod
    def _install() -> None:
        if not (_VENV / 'bin' / 'uwsgi').exists():
            processes.run(sys.executable, '-m', 'venv', '--clear', _VENV)
            processes.run(_VENV / 'bin' / 'pip', 'install', '-qq', *_PACKAGES)

    def _bootstrap(self) -> None:
        manage = (
            _VENV / 'bin' / 'keystone-manage',
            '--config-file',
            self._file,
        )
        owner = ('--keystone-user', 'root', '--keystone-group', 'root')
        processes.run(*manage, 'db_sync')
        for keys in ('fernet_setup', 'credential_setup'):
            processes.run(*manage, keys, *_owner(owner))
        processes.run(
            *(*manage, 'bootstrap'),
            *('--bootstrap-password', processes.PASSWORD),
            *('--bootstrap-region-id', 'RegionOne'),
            *('--bootstrap-public-url', self.url),
            *('--bootstrap-internal-url', self.url),
        )

    def cloud(
        self, user: str, project: str
    ) -> openstack.connection.Connection:
        """A connection of a user to a project."""
        return openstack.connection.Connection(
            region_name='RegionOne',
            identity_interface='public',
            auth={
                'auth_url': self.url,
                'username': user,
                'password': processes.PASSWORD,
                'project_name': project,
                'user_domain_id': 'default',
                'project_domain_id': 'default',
            },
        )

    def _seed(self, service_url: str) -> None:
        identity = self.cloud('admin', 'admin').identity
        users = {'valence': ('service', 'service'), **USERS}
        roles = {role.name: role for role in identity.roles()}
        projects: dict[str, Any] = {}
        for name, (role, project) in users.items():
            if project not in projects:
                projects[project] = identity.create_project(
                    name=project, domain_id='default'
                )
            user = identity.create_user(
                name=name,
                password=processes.PASSWORD,
                domain_id='default',
                default_project_id=projects[project].id,
            )
            identity.assign_project_role_to_user(
                projects[project], user, roles[role]
            )
        service = identity.create_service(type='composable', name='valence')
        identity.create_endpoint(
            service_id=service.id,
            interface='public',
            url=service_url,
            region_id='RegionOne',
        )

    def options(self) -> str:
        """What Valence's configuration has to say to use it."""
        return f"""
[DEFAULT]
auth_strategy = keystone
[keystone_authtoken]
www_authenticate_uri = {self.url}
auth_url = {self.url}
auth_type = password
username = valence
password = {processes.PASSWORD}
project_name = service
user_domain_name = Default
project_domain_name = Default
"""


def _owner(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Who the keys belong to has to be said to root alone."""
    import os

    return arguments if os.geteuid() == 0 else ()
