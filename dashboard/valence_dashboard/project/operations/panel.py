# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Operations(panels.Panel):
    name = _('Operations')
    slug = 'operations'
    policy_rules = (('composable', 'composable:operation:list'),)
