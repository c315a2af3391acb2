# SPDX-License-Identifier: Apache-2.0
"""Tests. Django has to be set up before anything of it is imported."""

import os

import django

os.environ['DJANGO_SETTINGS_MODULE'] = 'valence_dashboard.tests.settings'
django.setup()
