# SPDX-License-Identifier: Apache-2.0
"""The API for uwsgi or gunicorn: ``valence.wsgi.api:application``.

The configuration is found in the usual places, such as
``/etc/valence/valence.conf``, or in the files that the environment variable
``VALENCE_CONFIG_FILES`` names, with colons between them.
"""

import os

from valence import cmd  # noqa: F401 - chooses the threading backend first
from valence.api import app
from valence.common import service

_files = os.environ.get('VALENCE_CONFIG_FILES')
service.prepare(
    [f'--config-file={name}' for name in _files.split(':')] if _files else []
)
application = app.setup_app()
