# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Devices(panels.Panel):
    name = _('Devices')
    slug = 'devices'
    policy_rules = (('composable', 'composable:device:list'),)
