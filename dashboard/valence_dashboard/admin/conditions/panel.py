# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Conditions(panels.Panel):
    name = _('Conditions')
    slug = 'conditions'
    policy_rules = (('composable', 'composable:condition:list'),)
