# SPDX-License-Identifier: Apache-2.0
"""Hardware of all pod managers, and where it is drawn."""

from typing import Any

from django import http
from django.urls import reverse
from django.utils.http import urlencode

from valence_dashboard import search

_DRAWN = ('pod_managers', 'systems', 'devices', 'nodes')


def find(request: http.HttpRequest, text: str) -> list[dict[str, Any]]:
    """Return the first hardware, nodes and pod managers with this text.

    :param text: the whole name, serial number or UUID, or a part of it.
    :returns: ``kind``, ``name`` and ``url``: of the drawing of its pod, in
        which it is highlighted.
    """
    found = search.exact(request, text, _DRAWN)
    return list(map(_hit, found or search.parts(request, text, _DRAWN)))


def _hit(hit: search.Hit) -> dict[str, Any]:
    is_pod = hit.collection == 'pod_managers'
    pod = hit.record.id if is_pod else hit.record.podm_uuid
    url = pod and reverse('horizon:admin:topology:detail', args=(pod,))
    query = '' if is_pod else '?' + urlencode({'q': hit.record.id})
    return {
        'kind': hit.label,
        'name': hit.record.name,
        'url': url and url + query,
    }
