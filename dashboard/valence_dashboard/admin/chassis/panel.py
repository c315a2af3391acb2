# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Chassis(panels.Panel):
    name = _('Chassis')
    slug = 'chassis'
    policy_rules = (('composable', 'composable:chassis:list'),)
