# SPDX-License-Identifier: Apache-2.0
"""The hardware that should be on a pod manager, and what differs."""

from typing import Any

from django import http
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from horizon import forms
from horizon import tabs
from openstack_dashboard.policy import check
from valenceclient.v1 import expectations

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import forms as base
from valence_dashboard import messages
from valence_dashboard import tables
from valence_dashboard.exceptions import Error

_REPORT = (('composable', 'composable:expected_part:report'),)
_LIST = (('composable', 'composable:expected_part:list'),)
# How many of the expected parts are shown.
_FIRST = 100


def tab_url(uuid: str) -> str:
    """Return the URL of the tab on the page of a pod manager."""
    page = reverse('horizon:admin:pod_managers:detail', args=(uuid,))
    return f'{page}?tab=pod_manager__expected'


class _Link(actions.LinkAction):
    def get_link_url(self, datum: api.Record = None) -> str:
        """Return the URL of the form for this pod manager."""
        return reverse(self.url, args=(self.table.kwargs['uuid'],))


class Upload(_Link):
    name = 'upload'
    verbose_name = _('Upload')
    url = 'horizon:admin:pod_managers:expect'
    icon = 'upload'
    verb = 'expected_part:replace'


class Snapshot(_Link):
    name = 'snapshot'
    verbose_name = _('Expect What Is There')
    url = 'horizon:admin:pod_managers:snapshot'
    icon = 'camera'
    verb = 'expected_part:snapshot'


class Unset(_Link):
    name = 'unset'
    verbose_name = _('Expect Nothing')
    url = 'horizon:admin:pod_managers:unset'
    icon = 'trash'
    verb = 'expected_part:replace'
    action_type = 'danger'


def finding(record: api.Record) -> str:
    """Show what is wrong with a part."""
    return fields.state(record.finding)


def differences(record: api.Record) -> str:
    """Show what was expected of each field, and what was seen."""
    return fields.lines(record.differences or [])


class Report(tables.BaseTable):
    finding = tables.column('finding', finding)
    type = tables.column('type')
    serial_number = tables.column('serial_number')
    place = tables.column('place')
    differences = tables.column('differences', differences)

    class Meta:
        name = 'report'
        verbose_name = _('Differences')
        no_data_message = _('Nothing differs from what is expected.')
        table_actions = (Upload, Snapshot, Unset)
        footer = False

    def get_object_id(self, datum: api.Record) -> str:
        """Parts that are missing have no UUID."""
        return str(datum.number)

    def get_object_display(self, datum: api.Record) -> str:
        """Return what the part is called."""
        return f'{datum.type} {datum.serial_number or datum.place}'


class Parts(tables.BaseTable):
    type = tables.column('type')
    serial_number = tables.column('serial_number')
    place = tables.column('place')
    properties = tables.column('properties')

    class Meta:
        name = 'parts'
        verbose_name = _('Expected hardware (the first 100 parts)')
        no_data_message = _('Nothing is expected, so nothing is compared.')
        footer = False

    def get_object_display(self, datum: api.Record) -> str:
        """Return what the part is called."""
        return f'{datum.type} {datum.serial_number or datum.place}'


class Tab(tabs.TableTab):
    """What is expected, and how the last sync differs."""

    name = _('Expected Hardware')
    slug = 'expected'
    table_classes = (Report, Parts)
    template_name = 'valence/_expected.html'
    preload = False

    def allowed(self, request: http.HttpRequest) -> bool:
        """Show the tab to those who may compare."""
        return check(_REPORT, request) and check(_LIST, request)

    def _read(self, method: str, **query: Any) -> Any:
        client = api.client(self.request)
        uuid = self.tab_group.kwargs['record'].id
        try:
            return getattr(client, method)(uuid, **query)
        except Error:
            messages.show_error(self.request)
            return ()

    def get_report_data(self) -> list[api.Record]:
        """Return what differs."""
        report = self._read('get_expected_report') or {}
        rows = [
            api.Record(finding=name, **one)
            for name, entries in report.items()
            for one in entries
        ]
        for number, row in enumerate(rows):
            row['number'] = number
        return rows

    def get_parts_data(self) -> list[api.Record]:
        """Return the first parts that are expected."""
        try:
            found = [
                api.Record(one.api_fields())
                for one in self._read(
                    'expected_parts', max_items=_FIRST, limit=_FIRST
                )
            ]
        except Error:
            messages.show_error(self.request)
            return []
        return found


class _Form(base.Form):
    def name_in(self, data: dict[str, Any]) -> Any:
        """Return how many parts are expected now."""
        return self._count

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Send the request, and note the number of parts."""
        self._count = self.expect(client, data)
        return True

    def expect(self, client: api.Client, data: dict[str, Any]) -> int:
        """Send the request; return how many parts are expected."""
        raise NotImplementedError


class SnapshotForm(_Form):
    """Expects the hardware that is there."""

    success_text = _('%s parts are expected.')

    def expect(self, client: api.Client, data: dict[str, Any]) -> int:
        """Expect what the last sync found."""
        return int(client.expect_what_is_there(self.record.id))


class UnsetForm(SnapshotForm):
    """Expects nothing."""

    def expect(self, client: api.Client, data: dict[str, Any]) -> int:
        """Send an empty list."""
        return int(client.set_expected_parts(self.record.id, []))


class UploadForm(SnapshotForm):
    """Says which hardware should be there."""

    file = forms.FileField(
        label=_('File'),
        help_text=_(
            'CSV whose first line names the columns: type, serial_number or '
            'serial, place, and properties such as model or cpu_cores; or '
            'JSON, the parts of the API. It replaces what was expected.'
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Read the file."""
        data: dict[str, Any] = super().clean()
        if data.get('file'):
            try:
                text = data['file'].read().decode()
                data['parts'] = expectations.parse(text)
            except ValueError:
                self.add_error('file', _('This is neither CSV nor JSON.'))
        return data

    def expect(self, client: api.Client, data: dict[str, Any]) -> int:
        """Send the parts."""
        return int(client.set_expected_parts(self.record.id, data['parts']))
