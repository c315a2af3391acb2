# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Nodes(panels.Panel):
    name = _('Nodes')
    slug = 'nodes'
    policy_rules = (('composable', 'composable:node:list'),)
