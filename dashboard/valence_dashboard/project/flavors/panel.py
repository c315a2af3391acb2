# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Flavors(panels.Panel):
    name = _('Flavors')
    slug = 'flavors'
    policy_rules = (('composable', 'composable:flavor:list'),)
