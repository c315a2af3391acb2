# SPDX-License-Identifier: Apache-2.0
"""The tests; nothing of Django can be imported before it is set up."""

import os

import django

os.environ['DJANGO_SETTINGS_MODULE'] = 'valence_dashboard.tests.settings'
django.setup()
