# SPDX-License-Identifier: Apache-2.0
"""Horizon's own settings for tests, with these pages."""

import openstack_dashboard.enabled
from openstack_dashboard.test.settings import *  # noqa: F403, H303
from openstack_dashboard.test.settings import HORIZON_CONFIG
from openstack_dashboard.test.settings import INSTALLED_APPS
from openstack_dashboard.utils import settings as _settings

import valence_dashboard.enabled

# The first of these has been there; Horizon warns of what is there already.
HORIZON_CONFIG.pop('dashboards', None)
HORIZON_CONFIG.pop('default_dashboard', None)
_settings.update_dashboards(
    [openstack_dashboard.enabled, valence_dashboard.enabled],
    HORIZON_CONFIG,
    INSTALLED_APPS,
)
INSTALLED_APPS = list(dict.fromkeys(INSTALLED_APPS))
# There is no database, and nothing is compiled.
SESSION_ENGINE = 'django.contrib.sessions.backends.signed_cookies'
COMPRESS_ENABLED = False
COMPRESS_PRECOMPILERS = ()
ALLOWED_HOSTS = ['testserver']
# Horizon's own tests check no rules.
POLICY_CHECK_FUNCTION = 'openstack_auth.policy.check'
