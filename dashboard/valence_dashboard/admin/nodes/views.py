# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import lists
from valence_dashboard.admin.nodes import tables


class Index(lists.ListView):
    """The nodes of all projects."""

    table_class = tables.Nodes
    page_title = _('Nodes')
    collection = 'nodes'
    query = {'sort_key': 'name'}
