# SPDX-License-Identifier: Apache-2.0
"""API calls of the panels."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

from django import http
from django.conf import settings
from django.utils.translation import gettext as _
from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from openstack import connection
from openstack import exceptions as sdk_exceptions
from openstack_dashboard.api import base
from valenceclient.v1 import proxy

from valence_dashboard import exceptions

SERVICE = 'composable'
_TIMEOUT = 30  # seconds that a page waits for a response
# The number of UUIDs that fit into the query of a request.
_MAX_UUIDS = 100
# What pages show of a resource that others refer to, if not its name only.
_REFERENCE_FIELDS = {'pod_managers': 'uuid,name,status'}


class Record(dict[str, Any]):
    """The fields of a resource; missing fields are None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        return self.get(name)

    @property
    def id(self) -> str:
        """Return the identifier in the URLs of the pages."""
        return self.get('uuid') or self['name']


def is_uuid(text: str) -> bool:
    """Return whether a text of a user is a UUID."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


class Client(proxy.Proxy):
    """The proxy of the client, with errors for users.

    After a request without a response it sends no further ones: a page waits
    at most once, no matter how many requests it needs.

    :ivar known: references that the page has read, by collection and UUID.
    :ivar digest: that of everything that the page has read.
    """

    _available = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known: dict[str, dict[str, Record]] = defaultdict(dict)
        self.digest = hashlib.sha256()

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request.

        :raises exceptions.Error: on any error.
        """
        if not self._available:
            raise exceptions.Unavailable
        # Older releases of openstacksdk repeat a request that timed out.
        kwargs.setdefault('connect_retries', 0)
        try:
            response = super().request(*args, **kwargs)
        except sdk_exceptions.HttpException as exc:
            raise _error(exc) from exc
        except (
            sdk_exceptions.SDKException,
            ks_exceptions.ClientException,
        ) as exc:
            self._available = False
            raise exceptions.Unavailable from exc
        self.digest.update(response.content)
        return response


def _error(exc: sdk_exceptions.HttpException) -> exceptions.Error:
    kinds = {401: exceptions.Unauthorized, 404: exceptions.NotFound}
    kind = kinds.get(exc.status_code, exceptions.Error)
    if exc.message and exc.message != 'Error':
        return kind(exc.message)
    if exc.status_code == 503:
        return kind(_('Valence is not available. Please try again later.'))
    return kind(_('Valence returned %s.') % exc.status_code)


def client(request: http.HttpRequest) -> Client:
    """Return the client of the current user, one per browser request."""
    found: Client | None = getattr(request, '_composable', None)
    if found is None:
        found = request._composable = _client(request)
    return found


def _client(request: http.HttpRequest) -> Client:
    url = base.url_for(request, SERVICE).rstrip('/').removesuffix('/v1')
    ks_session = session.Session(
        auth=token_endpoint.Token(url, request.user.token.id),
        verify=not settings.OPENSTACK_SSL_NO_VERIFY
        and (settings.OPENSTACK_SSL_CACERT or True),
        timeout=_TIMEOUT,
    )
    made = Client(
        ks_session,
        service_type=SERVICE,
        # This avoids requests for version discovery.
        endpoint_override=f'{url}/v1',
    )
    made._connection = connection.Connection(session=ks_session)
    return made


def get(request: http.HttpRequest, kind: str, name_or_uuid: str) -> Record:
    """Get a resource by UUID or name.

    :param kind: the resource name in the proxy, such as ``pod_manager``.
    """
    found = getattr(client(request), f'get_{kind}')(name_or_uuid)
    return Record(found.api_fields())


def list_resources(
    request: http.HttpRequest, collection: str, limit: int, **query: Any
) -> list[Record]:
    """List the first resources of a collection with one request.

    :param collection: its name in the proxy, such as ``pod_managers``.
    """
    method = getattr(client(request), collection)
    return [
        Record(found.api_fields())
        for found in method(max_items=limit, limit=limit, **query)
    ]


def count(
    request: http.HttpRequest, collection: str, **query: Any
) -> int | None:
    """Return how many resources there are; None: too many to count.

    :param collection: its name in the API.
    """
    params = {**query, 'limit': 1, 'fields': 'uuid', 'with_count': 'true'}
    found = client(request).get(f'/{collection}', params=params).json()
    number: int | None = found.get('count')
    return number


class Page(NamedTuple):
    """A page of a collection.

    :param before: whether there are resources before it.
    :param after: whether there are resources after it.
    """

    rows: list[Record]
    before: bool
    after: bool


def page(
    request: http.HttpRequest,
    collection: str,
    size: int,
    marker: str | None = None,
    backwards: bool = False,
    **query: Any,
) -> Page:
    """Return a page.

    :param marker: the resource before or after which the page starts.
    :param backwards: whether the page precedes the marker.
    """
    if marker:
        query['marker'] = marker
    if backwards:
        descending = query.get('sort_dir') == 'desc'
        query['sort_dir'] = 'asc' if descending else 'desc'
    found = list_resources(request, collection, size + 1, **query)
    rows, more = found[:size], len(found) > size
    if backwards:
        return Page(rows[::-1], before=more, after=True)
    return Page(rows, before=marker is not None, after=more)


def references(
    request: http.HttpRequest, collection: str, uuids: Iterable[str | None]
) -> dict[str, Record]:
    """Return what pages show of resources that others refer to, by UUID.

    A page asks once for each. Those that do not exist are missing.
    """
    distinct = {uuid for uuid in uuids if uuid}
    found = client(request).known[collection]
    unknown = sorted(distinct.difference(found))
    for begin in range(0, len(unknown), _MAX_UUIDS):
        part = unknown[begin : begin + _MAX_UUIDS]
        for record in list_resources(
            request,
            collection,
            len(part),
            uuid='in:' + ','.join(part),
            fields=_REFERENCE_FIELDS.get(collection, 'uuid,name'),
        ):
            found[record['uuid']] = record
    return {uuid: found[uuid] for uuid in distinct.intersection(found)}


def names(
    request: http.HttpRequest, collection: str, uuids: Iterable[str | None]
) -> dict[str, str]:
    """Return the names of resources by UUID."""
    found = references(request, collection, uuids)
    return {uuid: str(record.name) for uuid, record in found.items()}
