# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class PodManagers(panels.Panel):
    name = _('Pod Managers')
    slug = 'pod_managers'
    policy_rules = (('composable', 'composable:pod_manager:list'),)
