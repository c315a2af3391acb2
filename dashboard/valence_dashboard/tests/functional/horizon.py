# SPDX-License-Identifier: Apache-2.0
"""A real Horizon with the panels of Valence."""

import pathlib

import valence_dashboard
from valence_dashboard.tests.functional import processes

_PACKAGE = pathlib.Path(valence_dashboard.__file__).parent
# Horizon reads its settings from a package "local" that comes first in the
# path.
_SETTINGS = """
from horizon.utils import secret_key
from openstack_dashboard.local import enabled as _enabled
from openstack_dashboard.settings import HORIZON_CONFIG

DEBUG = False
ALLOWED_HOSTS = ['*']
SECRET_KEY = secret_key.generate_or_read_from_file('{directory}/key')
OPENSTACK_KEYSTONE_URL = '{keystone}'
CACHES = {{
    'default': {{
        'BACKEND': 'django.core.cache.backends.locmem.LocMemCache',
        'OPTIONS': {{'MAX_ENTRIES': 100000}},
    }}
}}
STATIC_ROOT = '{directory}/static'
COMPRESS_OFFLINE = False
AVAILABLE_THEMES = [
    ('default', 'Default', 'themes/default'),
    ('material', 'Material', 'themes/material'),
    ('dark', 'Dark', '{dark}'),
]
TIME_ZONE = 'UTC'
HORIZON_CONFIG['user_home'] = '/project/nodes/'
HORIZON_CONFIG['ajax_poll_interval'] = 500
LOGGING = {{
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {{'console': {{'class': 'logging.StreamHandler'}}}},
    'root': {{'handlers': ['console'], 'level': 'INFO'}},
}}
_enabled.__path__.append('{enabled}')
# Without it, all themes have the style sheet of the first one.
COMPRESS_CACHE_KEY_FUNCTION = 'local.local_settings.compress_key'


def compress_key(key):
    from horizon import themes

    return f'{{themes._local.theme}}.{{key}}'
"""


class Horizon:
    """A Horizon that uses the given Keystone."""

    def __init__(self, keystone: str) -> None:
        self.directory = processes.directory() / 'horizon'
        local = self.directory / 'local'
        local.mkdir(parents=True)
        (local / '__init__.py').touch()
        (local / 'local_settings.py').write_text(
            _SETTINGS.format(
                directory=self.directory,
                keystone=keystone,
                enabled=_PACKAGE / 'enabled',
                dark=pathlib.Path(__file__).parent / 'dark',
            )
        )
        environment = {
            'PYTHONPATH': str(self.directory),
            'DJANGO_SETTINGS_MODULE': 'openstack_dashboard.settings',
        }
        static = self.directory / 'static'
        processes.run(
            *(processes.command('django-admin'), 'collectstatic'),
            *('--noinput', '--link', '--verbosity', '0'),
            **environment,
        )
        port = processes.free_port()
        self.url = f'http://127.0.0.1:{port}'
        self.process = processes.uwsgi(
            'openstack_dashboard.wsgi:application',
            port,
            *(processes.command('uwsgi'), '--threads', '6'),
            *('--static-map', f'/static={static}'),
            # Static files are links to the installed files.
            *('--static-safe', '/'),
            **environment,
        )
