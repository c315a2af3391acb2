# SPDX-License-Identifier: Apache-2.0
import pathlib

from django import apps
from django.conf import settings

_RULES = pathlib.Path(__file__).parent / 'conf' / 'composable.yaml'


class ValenceDashboard(apps.AppConfig):
    """The pages of Valence."""

    name = 'valence_dashboard'

    def ready(self) -> None:
        """Let Horizon know Valence's rules, unless its settings do.

        The rules that an operator changes stand in ``composable_policy.yaml``
        beside those of the other services; usually there is none.
        """
        settings.DEFAULT_POLICY_FILES.setdefault('composable', str(_RULES))
        settings.POLICY_FILES.setdefault(
            'composable', 'composable_policy.yaml'
        )
