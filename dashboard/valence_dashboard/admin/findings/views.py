# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard import badge
from valence_dashboard import fields
from valence_dashboard import lists
from valence_dashboard import views
from valence_dashboard.admin.findings import forms
from valence_dashboard.admin.findings import tables

_INDEX = 'horizon:admin:findings:index'


class Index(badge.WithBadge, lists.ListView):
    """The list of findings, the newest first."""

    table_class = tables.Findings
    page_title = _('Findings')
    collection = 'findings'
    query = {'sort_key': 'created_at', 'sort_dir': 'desc'}


class Detail(views.DetailView):
    """A finding."""

    page_title = '{{ record.kind }}'
    kind, component, index = 'finding', 'Finding', _INDEX

    def replacements(self, found: api.Record) -> dict[str, str]:
        """Show what was read as JSON."""
        details = fields.render_json(found.details)
        return {**super().replacements(found), 'details': details}

    def actions(self, found: api.Record) -> Any:
        """Return the actions of the row."""
        return tables.Findings(self.request).render_row_actions(found)


class _Action(views.FormView):
    index = _INDEX
    kind = 'finding'


class Adopt(_Action):
    """Adopt what a finding is about."""

    action = tables.Adopt
    form_class = forms.Adopt
    title = _('Adopt')
    view = 'horizon:admin:findings:adopt'


class Accept(_Action):
    """Accept a finding."""

    action = tables.Accept
    form_class = forms.Accept
    title = _('Accept')
    view = 'horizon:admin:findings:accept'
