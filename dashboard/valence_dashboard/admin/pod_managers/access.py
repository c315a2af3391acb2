# SPDX-License-Identifier: Apache-2.0
"""The projects with access to a pod manager that is not public."""

from typing import Any

from django import http
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import forms
from horizon import tabs
from openstack_dashboard.policy import check

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import forms as base
from valence_dashboard import messages
from valence_dashboard import projects
from valence_dashboard import tables
from valence_dashboard.exceptions import Error

_LIST = (('composable', 'composable:pod_manager_access:list'),)


class Grant(actions.LinkAction):
    name = 'grant'
    verbose_name = _('Grant Access')
    icon = 'plus'
    verb = 'pod_manager_access:create'

    def get_link_url(self, datum: api.Record = None) -> str:
        """Return the URL of the form for this pod manager."""
        uuid = self.table.kwargs['uuid']
        return reverse('horizon:admin:pod_managers:grant', args=(uuid,))


class Revoke(actions.DangerAction):
    name = 'revoke'
    icon = 'ban'
    verb = 'pod_manager_access:delete'
    help_text = _('Existing nodes of the project remain.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Revoke Access', 'Revoke Access', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Revoked access', 'Revoked access', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Revoke the access of a project to this pod manager."""
        client.remove_pod_manager_access(
            self.table.kwargs['uuid'], uuid, ignore_missing=False
        )


class Projects(tables.BaseTable):
    name = tables.column('name', 'name', verbose_name=_('Project'))
    project_id = tables.column('project_id', verbose_name=_('Project ID'))
    created_at = tables.column('created_at', verbose_name=_('Since'))

    class Meta:
        name = 'access'
        verbose_name = _('Projects')
        no_data_message = _('No project has access.')
        table_actions = (Grant, Revoke)
        row_actions = (Revoke,)
        footer = False

    def get_object_id(self, datum: api.Record) -> str:
        """Rows are identified by project."""
        return str(datum.project_id)


class Tab(tabs.TableTab):
    """The projects with access, if the pod manager is not public."""

    name = _('Access')
    slug = 'access'
    table_classes = (Projects,)
    template_name = 'horizon/common/_detail_table.html'
    preload = False

    def allowed(self, request: http.HttpRequest) -> bool:
        """Show the tab only if the pod manager is not public."""
        record = self.tab_group.kwargs['record']
        return not record.is_public and check(_LIST, request)

    def get_access_data(self) -> list[api.Record]:
        """Return the access list."""
        client = api.client(self.request)
        uuid = self.tab_group.kwargs['record'].id
        try:
            rows = [
                api.Record(found.api_fields())
                for found in client.pod_manager_access(uuid)
            ]
        except Error:
            messages.show_error(self.request)
            return []
        names = dict(projects.every(self.request)) if rows else {}
        for row in rows:
            row['name'] = names.get(row.project_id, row.project_id)
        return rows


class GrantForm(base.Form):
    """Grants a project access to a pod manager."""

    project = forms.ChoiceField(label=_('Project'))
    success_text = _('Granted access to %s.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields['project'].choices = projects.every(request)

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Add the project to the access list."""
        return client.add_pod_manager_access(self.record.id, data['project'])
