# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Holds(panels.Panel):
    name = _('Holds')
    slug = 'holds'
    policy_rules = (('composable', 'composable:hold:list'),)
