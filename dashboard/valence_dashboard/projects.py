# SPDX-License-Identifier: Apache-2.0
"""Projects by name, which Keystone knows."""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from django import http
from horizon import exceptions
from keystoneauth1 import exceptions as ks_exceptions
from openstack_dashboard.api import keystone

from valence_dashboard import messages

_FAILURES = (
    ks_exceptions.ClientException,
    exceptions.NotAuthorized,
    exceptions.ServiceCatalogException,
)


def every(request: http.HttpRequest) -> list[tuple[str, str]]:
    """Return all projects to choose from: their IDs and names."""
    try:
        found, _more = keystone.tenant_list(request)
    except Exception:
        messages.show_error(request)
        return []
    named = ((project.id, project.name) for project in found)
    return sorted(named, key=lambda one: one[1].lower())


def names(
    request: http.HttpRequest, ids: Iterable[str | None]
) -> dict[str, str]:
    """Return the names of projects by ID, as far as they are known.

    Each costs a request to Keystone, except for that of the user: give those
    of one page only.
    """
    own = {request.user.project_id: request.user.project_name}
    return known(request, keystone.tenant_get, own, ids)


def known(
    request: http.HttpRequest,
    get: Callable[[http.HttpRequest, str], Any],
    own: dict[str, str],
    ids: Iterable[str | None],
) -> dict[str, str]:
    """Return names by ID, as far as Keystone says them.

    :param get: requests what has an ID; each only once for a page.
    :param own: the names that need no request.
    """
    kept: dict[Any, dict[str, str]] = getattr(request, '_named', {})
    request._named = kept
    found = kept.setdefault(get, {})
    found |= own
    for one in sorted({*filter(None, ids)} - found.keys()):
        try:
            found[one] = get(request, one).name
        except ks_exceptions.NotFound:
            continue  # it was deleted
        except _FAILURES:
            break
    return found


def name(request: http.HttpRequest, project_id: str) -> str:
    """Return the name of a project, or else its ID."""
    return names(request, [project_id]).get(project_id, project_id)


def complete(request: http.HttpRequest, rows: list[Any]) -> None:
    """Add the name of the project, or else its ID, to records."""
    known = names(request, (row.project_id for row in rows))
    for row in rows:
        row['project'] = known.get(row.project_id, row.project_id)


def to_filter(request: http.HttpRequest, text: str) -> str:
    """Return the filter of the API for projects by their name, or ID.

    If no project has the name, it matches parts of names.
    """
    try:
        for name in ('name', 'name__icontains'):
            found, _more = keystone.tenant_list(request, filters={name: text})
            if found:
                break
    except _FAILURES:
        return text
    ids = ','.join(project.id for project in found)
    return f'in:{ids}' if ids else text
