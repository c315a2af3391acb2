# SPDX-License-Identifier: Apache-2.0
"""The tab with the time line of a resource."""

from django.utils.translation import gettext_lazy as _
from horizon import tabs

from valence_dashboard import api
from valence_dashboard import messages
from valence_dashboard import tables as base
from valence_dashboard.exceptions import Error

# How many of the last changes are shown.
_NEWEST = 100


class History(base.BaseTable):
    began_at = base.column('began_at')
    ended_at = base.column('ended_at')
    field = base.column('field')
    value = base.column('value')
    reason = base.column('reason')

    class Meta:
        name = 'history'
        verbose_name = _('History')
        no_data_message = _('No changes.')
        footer = False


class Tab(tabs.TableTab):
    """What a resource was, the newest first.

    :cvar collection: its collection in the API.
    """

    name = _('History')
    slug = 'history'
    table_classes = (History,)
    template_name = 'horizon/common/_detail_table.html'
    preload = False
    collection: str

    def get_history_data(self) -> list[api.Record]:
        """Return the last changes."""
        client = api.client(self.request)
        uuid = self.tab_group.kwargs['record'].id
        try:
            found = client.history(
                *(self.collection, uuid, _NEWEST),
                **{'sort_dir': 'desc', 'limit': _NEWEST},
            )
            return [api.Record(one.api_fields()) for one in found]
        except Error:
            messages.show_error(self.request)
            return []
