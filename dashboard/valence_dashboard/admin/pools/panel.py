# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Pools(panels.Panel):
    name = _('Pools')
    slug = 'pools'
    policy_rules = (('composable', 'composable:pool:list'),)
