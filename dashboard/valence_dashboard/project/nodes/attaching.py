# SPDX-License-Identifier: Apache-2.0
"""The form that attaches a device to a node."""

from collections import defaultdict
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from horizon import forms

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import forms as base
from valence_dashboard import messages
from valence_dashboard.exceptions import Error

_MOST = 1000  # more than can be chosen from on one page
# What a device cannot be attached with.
_TAKEN = ('node_uuid', 'hold_uuid', 'condition_uuid', 'stale')
# What tells devices apart.
_DETAILS = (
    *('manufacturer', 'model', 'media_type', 'protocol', 'capacity_gib'),
    *('memory_mib', 'onboard_memory_mib', 'cpu_cores', 'speed_mbps'),
    *('speed_mhz', 'rpm', 'zones'),
)


class Attach(base.Form):
    """Attaches a free device of the same pod manager to a node."""

    device = forms.ChoiceField(label=_('Device'))
    success_text = _('Attaching a device to %s.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        try:
            found = _fitting(request, self.record)
        except Error:
            messages.show_error(request)
            found = []
        groups = defaultdict(list)
        for device in found:
            groups[str(fields.value_label(device.type))].append(
                (device.id, describe(device))
            )
        self.fields['device'].choices = [*groups.items()] or [
            ('', _('No free devices.'))
        ]

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Attach the device."""
        return client.attach_to_node(self.record.id, data['device'])


def describe(device: api.Record) -> str:
    """Return the name of a device, and what it is."""
    texts = [
        _label(name, device[name]) for name in _DETAILS if device.get(name)
    ]
    return f'{device.name} ({", ".join(texts)})' if texts else device.name


def _label(name: str, value: Any) -> str:
    """Return a value that can be understood without its field."""
    text = fields.render(name, value)
    if name == 'cpu_cores':
        return str(_('%s cores') % text)
    if name == 'zones':
        return str(_('zone %s') % text)
    return f'{text} rpm' if name == 'rpm' else text


def _fitting(request: http.HttpRequest, node: api.Record) -> list[api.Record]:
    """Return the free devices that can be attached to a node."""
    found = api.list_resources(
        request,
        'devices',
        _MOST,
        podm_uuid=node.podm_uuid,
        state='free',
        sort_key='name',
    )
    free = [one for one in found if not any(one.get(n) for n in _TAKEN)]
    uuids = [one['uuid'] for one in node.systems or ()]
    if not uuids or not any(device.zones for device in free):
        return free
    # Only those who see the zones of devices see those of systems.
    systems = api.list_resources(
        request, 'systems', len(uuids), uuid=f'in:{",".join(uuids)}'
    )
    zones = {zone for system in systems for zone in system.zones or ()}
    return [one for one in free if zones.intersection(one.zones or ())]
