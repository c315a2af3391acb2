# SPDX-License-Identifier: Apache-2.0
import pathlib

from django import apps
from django.conf import settings

_RULES = pathlib.Path(__file__).parent / 'conf' / 'composable.yaml'


class ValenceDashboard(apps.AppConfig):
    """The Django application of the panels."""

    name = 'valence_dashboard'

    def ready(self) -> None:
        """Add Valence's policy to Horizon, unless its settings do.

        Operators override rules in ``composable_policy.yaml``, in the same
        directory as for other services; usually this file does not exist.
        """
        settings.DEFAULT_POLICY_FILES.setdefault('composable', str(_RULES))
        settings.POLICY_FILES.setdefault(
            'composable', 'composable_policy.yaml'
        )
