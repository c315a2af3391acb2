# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import panels


class Storages(panels.Panel):
    name = _('Storages')
    slug = 'storages'
    policy_rules = (('composable', 'composable:storage:list'),)
