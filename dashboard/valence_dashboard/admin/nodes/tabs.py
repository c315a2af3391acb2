# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import lists
from valence_dashboard.admin.nodes import tables


class Tab(lists.ListTab):
    """The nodes that belong to the resource of the page."""

    name = _('Nodes')
    slug = 'nodes'
    table_classes = (tables.Nodes,)
    collection = 'nodes'
