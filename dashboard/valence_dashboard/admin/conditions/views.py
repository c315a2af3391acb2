# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard import lists
from valence_dashboard import views
from valence_dashboard.admin.conditions import forms
from valence_dashboard.admin.conditions import tables

_INDEX = 'horizon:admin:conditions:index'


class Index(lists.ListView):
    """The list of conditions, the newest first."""

    table_class = tables.Conditions
    page_title = _('Conditions')
    collection = 'conditions'
    query = {'sort_key': 'created_at', 'sort_dir': 'desc'}


class Detail(views.DetailView):
    """A condition."""

    page_title = '{{ record.code }}'
    kind, component, index = 'condition', 'Condition', _INDEX

    def replacements(self, found: api.Record) -> dict[str, str]:
        """Show links, and times in readable form."""
        url, name = tables.subject_url(found), found.subject_name
        return {
            **super().replacements(found),
            'subject_name': views.link(url, name),
            'effects': tables.effects(found),
            'until': tables.until(found),
        }

    def actions(self, found: api.Record) -> Any:
        """Return the actions of the row."""
        return tables.Conditions(self.request).render_row_actions(found)


class Set(views.FormView):
    """Set a condition."""

    action = tables.Set
    form_class = forms.Set
    title = _('Set Condition')
    view = 'horizon:admin:conditions:set'
    index = _INDEX

    def get_initial(self) -> dict[str, Any]:
        """Return the resource that the page before was about."""
        return {
            name: self.request.GET[name]
            for name in ('subject', 'subject_id')
            if name in self.request.GET
        }


class Change(views.FormView):
    """Set a condition again, with other values."""

    action = tables.Change
    form_class = forms.Change
    title = _('Change Condition')
    view = 'horizon:admin:conditions:change'
    index = _INDEX
    kind = 'condition'
