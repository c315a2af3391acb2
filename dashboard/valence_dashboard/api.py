# SPDX-License-Identifier: Apache-2.0
"""Valence, as the pages speak to it."""

from collections.abc import Iterable
from typing import Any

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
# A page that waits longer than this has lost its reader.
_TIMEOUT = 30  # seconds
# So many names at once find room in an address.
_NAMES = 100


class Record(dict[str, Any]):
    """What the service tells of a resource; what it does not tell is None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        return self.get(name)

    @property
    def id(self) -> str:
        """By what the pages address it."""
        return self.get('uuid') or self['name']


class Client(proxy.Proxy):
    """The proxy of the client, whose errors are sentences for the user.

    One that was not answered asks no more: a page waits once, however many
    questions it has.
    """

    _answered = True

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request.

        :raises exceptions.Error: when anything goes wrong.
        """
        if not self._answered:
            raise exceptions.Away
        try:
            return super().request(*args, **kwargs)
        except sdk_exceptions.HttpException as exc:
            raise _error(exc) from exc
        except (
            sdk_exceptions.SDKException,
            ks_exceptions.ClientException,
        ) as exc:
            self._answered = False
            raise exceptions.Away from exc


def _error(exc: sdk_exceptions.HttpException) -> exceptions.Error:
    kinds = {401: exceptions.Unauthorized, 404: exceptions.NotFound}
    kind = kinds.get(exc.status_code, exceptions.Error)
    if exc.message and exc.message != 'Error':
        return kind(exc.message)
    if exc.status_code == 503:
        return kind(_('Valence is not available. Please try again later.'))
    return kind(_('Valence answers %s.') % exc.status_code)


def client(request: http.HttpRequest) -> Client:
    """The client of the user who asks; one for a request of the browser."""
    found: Client | None = getattr(request, '_composable', None)
    if found is None:
        found = request._composable = _client(request)
    return found


def _client(request: http.HttpRequest) -> Client:
    url = base.url_for(request, SERVICE).rstrip('/').removesuffix('/v1')
    asking = session.Session(
        auth=token_endpoint.Token(url, request.user.token.id),
        verify=not settings.OPENSTACK_SSL_NO_VERIFY
        and (settings.OPENSTACK_SSL_CACERT or True),
        timeout=_TIMEOUT,
    )
    made = Client(
        asking,
        service_type=SERVICE,
        # So no request goes into finding out what the address is known for.
        endpoint_override=f'{url}/v1',
    )
    made._connection = connection.Connection(session=asking)
    return made


def get(request: http.HttpRequest, kind: str, which: str) -> Record:
    """One resource by UUID or name.

    :param kind: its name in the proxy, such as ``pod_manager``.
    """
    found = getattr(client(request), f'get_{kind}')(which)
    return Record(found.api_fields())


def many(
    request: http.HttpRequest, collection: str, limit: int, **query: Any
) -> list[Record]:
    """The first resources of a collection, by one request.

    :param collection: its name in the proxy, such as ``pod_managers``.
    """
    method = getattr(client(request), collection)
    return [
        Record(found.api_fields())
        for found in method(max_items=limit, limit=limit, **query)
    ]


def page(
    request: http.HttpRequest,
    collection: str,
    size: int,
    marker: str | None = None,
    backwards: bool = False,
    **query: Any,
) -> tuple[list[Record], bool]:
    """A page of a collection, and whether there is more in this direction.

    :param marker: the resource next to which the page begins.
    :param backwards: whether the page is the one before the marker.
    """
    if marker:
        query['marker'] = marker
    if backwards:
        falling = query.get('sort_dir') == 'desc'
        query['sort_dir'] = 'asc' if falling else 'desc'
    found = many(request, collection, size + 1, **query)
    rows = found[:size]
    return (rows[::-1] if backwards else rows), len(found) > size


def names(
    request: http.HttpRequest, collection: str, uuids: Iterable[str | None]
) -> dict[str, str]:
    """The names of resources by their UUID."""
    wanted = sorted({uuid for uuid in uuids if uuid})
    found: dict[str, str] = {}
    for begin in range(0, len(wanted), _NAMES):
        some = wanted[begin : begin + _NAMES]
        for record in many(
            request,
            collection,
            len(some),
            uuid='in:' + ','.join(some),
            fields='uuid,name',
        ):
            found[record['uuid']] = record['name']
    return found
