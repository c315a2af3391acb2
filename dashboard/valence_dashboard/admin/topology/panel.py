# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Topology(panels.Panel):
    name = _('Topology')
    slug = 'topology'
    policy_rules = (('composable', 'composable:pod_manager:topology'),)
