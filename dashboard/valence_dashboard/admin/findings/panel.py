# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Findings(panels.Panel):
    name = _('Findings')
    slug = 'findings'
    policy_rules = (('composable', 'composable:finding:list'),)
