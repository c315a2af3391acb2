# SPDX-License-Identifier: Apache-2.0
"""Hardware of all pod managers by its name, serial number, UUID or node."""

import uuid
from typing import Any

from django import http
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from valence_dashboard import api

_LIMIT = 10  # what is shown of each kind
_KINDS = {
    'pod_managers': _('Pod manager'),
    'systems': _('System'),
    'devices': _('Device'),
    'nodes': _('Node'),
}
# The filters that find each kind of hardware, and nodes.
_FILTERS = {
    'pod_managers': ('name',),
    'systems': ('name', 'serial_number'),
    'devices': ('name', 'serial_number'),
    'nodes': ('name',),
}


def find(request: http.HttpRequest, text: str) -> list[dict[str, Any]]:
    """Return the first hardware, nodes and pod managers with this text.

    The number of requests does not depend on the amount of hardware.

    :param text: the whole name, serial number or UUID.
    :returns: ``kind``, ``name`` and ``url``: of the drawing of its pod, in
        which it is highlighted.
    """
    is_uuid = _is_uuid(text)
    return [
        _hit(collection, one)
        for collection, names in _FILTERS.items()
        for name in (('uuid',) if is_uuid else names)
        for one in api.list_resources(
            request, collection, _LIMIT, **{name: text}
        )
    ]


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _hit(collection: str, found: api.Record) -> dict[str, Any]:
    is_pod = collection == 'pod_managers'
    pod = found.id if is_pod else found.podm_uuid
    url = pod and reverse('horizon:admin:topology:detail', args=(pod,))
    query = '' if is_pod else '?' + urlencode({'q': found.id})
    return {
        'kind': _KINDS[collection],
        'name': found.name,
        'url': url and url + query,
    }
