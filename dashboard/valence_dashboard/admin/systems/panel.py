# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Systems(panels.Panel):
    name = _('Systems')
    slug = 'systems'
    policy_rules = (('composable', 'composable:system:list'),)
