# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard import lists
from valence_dashboard import views
from valence_dashboard.project.holds import tables

_INDEX = 'horizon:project:holds:index'


class Index(lists.ListView):
    """The holds of the project."""

    table_class = tables.Holds
    page_title = _('Holds')
    collection = 'holds'
    query = {'sort_key': 'name'}
    is_own = True


class Detail(views.DetailView):
    """A hold with the hardware that it keeps."""

    kind = 'hold'
    component = 'Hold'
    index = _INDEX

    def actions(self, found: api.Record) -> Any:
        """Return the actions of the hold."""
        return tables.Holds(self.request).render_row_actions(found)
