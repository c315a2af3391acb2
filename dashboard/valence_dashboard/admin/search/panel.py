# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Search(panels.Panel):
    name = _('Search')
    slug = 'search'
    policy_rules = (('composable', 'composable:system:list'),)
