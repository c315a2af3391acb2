# SPDX-License-Identifier: Apache-2.0
"""The pod managers of what a page shows."""

from django import http
from django.utils.translation import gettext as _

from valence_dashboard import api
from valence_dashboard import fields


def complete(request: http.HttpRequest, rows: list[api.Record]) -> None:
    """Add the name of the pod manager to records, and why they are stale.

    ``unreachable`` says that the pod manager is offline; None: it is not.
    """
    found = api.references(
        request, 'pod_managers', (row.podm_uuid for row in rows)
    )
    for row in rows:
        known = found.get(row.podm_uuid, api.Record())
        row['pod_manager'] = known.name
        row['unreachable'] = (
            _('The pod manager %s is offline. This is what was seen before.')
            % known.name
            if known.status == 'offline'
            else None
        )


def state(record: api.Record) -> str:
    """Show that the pod manager of a record is offline, if it is."""
    if not record.unreachable:
        return ''
    return fields.state('unreachable', record.unreachable)
