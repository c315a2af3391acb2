# SPDX-License-Identifier: Apache-2.0
"""Horizon's test settings with the panels of Valence."""

import pathlib

import openstack_dashboard
import openstack_dashboard.enabled
from openstack_dashboard.test.settings import *  # noqa: F403, H303
from openstack_dashboard.test.settings import HORIZON_CONFIG
from openstack_dashboard.test.settings import INSTALLED_APPS
from openstack_dashboard.test.settings import STATICFILES_DIRS
from openstack_dashboard.utils import settings as _settings

import valence_dashboard.enabled

# Horizon's settings contain the first one, and warn about duplicates.
HORIZON_CONFIG.pop('dashboards', None)
HORIZON_CONFIG.pop('default_dashboard', None)
_settings.update_dashboards(
    [openstack_dashboard.enabled, valence_dashboard.enabled],
    HORIZON_CONFIG,
    INSTALLED_APPS,
)
INSTALLED_APPS = list(dict.fromkeys(INSTALLED_APPS))
# There is no database, and static files are not compiled.
SESSION_ENGINE = 'django.contrib.sessions.backends.signed_cookies'
COMPRESS_ENABLED = False
COMPRESS_PRECOMPILERS = ()
ALLOWED_HOSTS = ['testserver']
# Horizon's test settings disable policy checks.
POLICY_CHECK_FUNCTION = 'openstack_auth.policy.check'
# For tests of style sheets.
_THEMES = pathlib.Path(openstack_dashboard.__file__).parent / 'themes'
_DARK = pathlib.Path(__file__).parent / 'functional' / 'dark'
STATICFILES_DIRS += [
    ('themes/default', str(_THEMES / 'default')),
    ('themes/material', str(_THEMES / 'material' / 'static')),
    ('themes/dark', str(_DARK)),
]
