# SPDX-License-Identifier: Apache-2.0
"""The time line of a resource: on its page, or in a tab of it."""

from typing import Any

from django import http
from django.urls import reverse
from django.utils import dateparse
from django.utils import timesince
from django.utils.translation import gettext_lazy as _
from horizon import tabs
from openstack_dashboard import policy

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import messages
from valence_dashboard import views
from valence_dashboard.exceptions import Error

# How many of the last changes are shown.
_NEWEST = 100
# What can be claimed, or claim: the panel and the policy rule of its page.
_CLAIMS = {
    'nodes': ('project:nodes', 'node:show'),
    'systems': ('admin:systems', 'system:list'),
    'devices': ('admin:devices', 'device:list'),
}


def periods(
    request: http.HttpRequest, collection: str, uuid: str
) -> list[dict[str, Any]]:
    """Return what a resource was, the newest first.

    :param collection: its collection in the API.
    """
    try:
        found = api.client(request).history(
            *(collection, uuid, _NEWEST),
            **{'sort_dir': 'desc', 'limit': _NEWEST},
        )
        rows = [api.Record(one.api_fields()) for one in found]
        claims = _claims(request, collection, rows)
    except Error:
        messages.show_error(request)
        return []
    return [_shown(row, claims) for row in rows]


def _claims(
    request: http.HttpRequest, collection: str, rows: list[api.Record]
) -> dict[str, str]:
    """Return links to what has claimed, or is claimed, by UUID."""
    uuids = {row.value for row in rows if row.field == 'claim'}
    kinds = ('systems', 'devices') if collection == 'nodes' else ('nodes',)
    shown = {}
    for kind in kinds:
        panel, rule = _CLAIMS[kind]
        if policy.check((('composable', f'composable:{rule}'),), request):
            for uuid, name in api.names(request, kind, uuids).items():
                url = reverse(f'horizon:{panel}:detail', args=(uuid,))
                shown[uuid] = views.link(url, name)
    return shown


def _shown(row: api.Record, claims: dict[str, str]) -> dict[str, Any]:
    """Return what the page shows of a period."""
    is_state = row.field in fields.STATES
    value = claims.get(row.value, row.value)
    return {
        'label': fields.label(row.field),
        'value': fields.state(value) if is_state else value,
        'reason': row.reason,
        'user_id': row.user_id,
        'began_at': fields.age(row.began_at),
        'lasts': row.ended_at is None,
        'lasted': row.ended_at and _between(row.began_at, row.ended_at),
    }


def _between(begin: str, end: str) -> str:
    """Return how long something was, in its largest unit."""
    began, ended = map(dateparse.parse_datetime, (begin, end))
    if began is None or ended is None:
        return ''
    seconds = (ended - began).total_seconds()
    if seconds < 60:
        return _('%d s') % seconds
    return timesince.timesince(began, ended, depth=1)


class Tab(tabs.Tab):
    """What a resource was, the newest first.

    :cvar collection: its collection in the API.
    """

    name = _('History')
    slug = 'history'
    template_name = 'valence/_timeline.html'
    preload = False
    collection: str

    def get_context_data(
        self, request: http.HttpRequest, **kwargs: Any
    ) -> dict[str, Any]:
        """Add the last changes."""
        uuid = self.tab_group.kwargs['record'].id
        return {'history': periods(request, self.collection, uuid)}
