# SPDX-License-Identifier: Apache-2.0
"""The API for uwsgi or gunicorn: ``valence.wsgi.api:application``.

The environment variable ``VALENCE_CONFIG_FILES`` names the configuration
files, separated by colons. By default, oslo.config searches for them, for
example in ``/etc/valence/valence.conf``.
"""

import os

from valence import cmd  # noqa: F401 - selects the threading backend first
from valence.api import app
from valence.common import service

_files = os.environ.get('VALENCE_CONFIG_FILES')
service.prepare(
    [f'--config-file={name}' for name in _files.split(':')] if _files else []
)
service.announce('valence.wsgi.api', own_signals=False)
application = app.setup_app()
