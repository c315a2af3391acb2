# SPDX-License-Identifier: Apache-2.0
"""Users by name, which Keystone knows."""

from typing import Any

from django import http
from openstack_dashboard.api import keystone

from valence_dashboard import projects


def complete(request: http.HttpRequest, rows: list[Any]) -> None:
    """Add the name of the user, or else the ID, to records.

    Each user costs a request to Keystone, except for the one who asks: give
    the records of one page only. Members of projects may not see others.
    """
    own = {request.user.id: request.user.username}
    found = projects.known(request, _get, own, (row.user_id for row in rows))
    for row in rows:
        row['user'] = found.get(row.user_id, row.user_id)


def _get(request: http.HttpRequest, user_id: str) -> Any:
    return keystone.user_get(request, user_id, admin=False)
