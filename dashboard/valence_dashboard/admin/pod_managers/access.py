# SPDX-License-Identifier: Apache-2.0
"""Which projects may use a pod manager that is not for all."""

from typing import Any

from django import http
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import forms
from horizon import tabs
from openstack_dashboard.api import keystone
from openstack_dashboard.policy import check

from valence_dashboard import api
from valence_dashboard import forms as base
from valence_dashboard import tables
from valence_dashboard.exceptions import Error

_LIST = (('composable', 'composable:pod_manager_access:list'),)


def _projects(request: http.HttpRequest) -> dict[str, str]:
    """The names of all projects by their id, as far as Keystone tells."""
    try:
        found, _more = keystone.tenant_list(request)
    except Exception:
        tables.tell(request)
        return {}
    return {project.id: project.name for project in found}


class Grant(tables.Link):
    name = 'grant'
    verbose_name = _('Let a Project Use It')
    icon = 'plus'
    verb = 'pod_manager_access:create'

    def get_link_url(self, datum: api.Record = None) -> str:
        """The form for the pod manager of the page."""
        uuid = self.table.kwargs['uuid']
        return reverse('horizon:admin:pod_managers:grant', args=(uuid,))


class Revoke(tables.Danger):
    name = 'revoke'
    icon = 'ban'
    verb = 'pod_manager_access:delete'
    help_text = _('The nodes that they have stay.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Exclude Project', 'Exclude Projects', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Excluded project', 'Excluded projects', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Exclude a project from the pod manager of the page."""
        client.remove_pod_manager_access(
            self.table.kwargs['uuid'], uuid, ignore_missing=False
        )


class Projects(tables.Base):
    name = tables.column('name', 'name', verbose_name=_('Project'))
    project_id = tables.column('project_id', verbose_name=_('Project ID'))
    created_at = tables.column('created_at', verbose_name=_('Since'))

    class Meta:
        name = 'access'
        verbose_name = _('Projects')
        no_data_message = _('No project may use it.')
        table_actions = (Grant, Revoke)
        row_actions = (Revoke,)
        footer = False

    def get_object_id(self, datum: api.Record) -> str:
        """It is told by its project."""
        return str(datum.project_id)


class Tab(tabs.TableTab):
    """The projects, where not all may use it."""

    name = _('Access')
    slug = 'access'
    table_classes = (Projects,)
    template_name = 'horizon/common/_detail_table.html'
    preload = False

    def allowed(self, request: http.HttpRequest) -> bool:
        """Where there is something to choose."""
        record = self.tab_group.kwargs['record']
        return not record.is_public and check(_LIST, request)

    def get_access_data(self) -> list[api.Record]:
        """Those who may use it."""
        client = api.client(self.request)
        uuid = self.tab_group.kwargs['record'].id
        try:
            rows = [
                api.Record(found.api_fields())
                for found in client.pod_manager_access(uuid)
            ]
        except Error:
            tables.tell(self.request)
            return []
        names = _projects(self.request) if rows else {}
        for row in rows:
            row['name'] = names.get(row.project_id, row.project_id)
        return rows


class GrantForm(base.Form):
    """Lets a project use a pod manager."""

    project = forms.ChoiceField(label=_('Project'))
    done = _('Let a project use %s.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields['project'].choices = sorted(
            _projects(request).items(), key=lambda one: one[1].lower()
        )

    def ask(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Let it."""
        return client.add_pod_manager_access(self.record.id, data['project'])
