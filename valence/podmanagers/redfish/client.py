# SPDX-License-Identifier: Apache-2.0
"""The Redfish client that all Redfish drivers share.

It handles what was seen on real services: redirects between ``/redfish/v1``
and ``/redfish/v1/``, a base URL with a path prefix, wrong content types,
sessions that expire at any time.
"""

import urllib.parse

import requests

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers import trimming
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import pages
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.links import related
from valence.podmanagers.redfish.session import Login
from valence.podmanagers.redfish.session import Session
from valence.podmanagers.redfish.sse import EventStream
from valence.podmanagers.wire import client
from valence.podmanagers.wire import refusals
from valence.podmanagers.wire import throttle
from valence.podmanagers.wire import transport
from valence.podmanagers.wire.client import Response

ROOT = '/redfish/v1'
_GET_ATTEMPTS = 2
# Statuses of a service that cannot open a stream at present.
_BUSY = (408, 429, 500, 502, 503, 504)


def _shrink(body: JsonObject) -> JsonObject:
    """Bound what is not a collection."""
    return body if pages.is_listing(body) else trimming.trim(body)


class Client:
    """Requests to one Redfish service, from any number of threads.

    What it caches only saves requests: the session, how many requests the
    service can take at once, and which URIs end with a slash.
    """

    def __init__(self, connection: base.Connection) -> None:
        path = urllib.parse.urlsplit(connection.url).path.rstrip('/')
        self._timeout = connection.request_timeout
        self._http = client.Http(
            connection,
            prefix=path.removesuffix(ROOT) if path.endswith(ROOT) else path,
            headers={'OData-Version': '4.0'},
            shrink=_shrink,
        )
        self._session = Session(
            self._http, connection, f'{ROOT}/SessionService/Sessions'
        )
        self.throttle = throttle.Throttle(connection.parallel)

    def root(self, deadline: Deadline) -> JsonObject:
        """The service root, with or without a slash at the end of its path.

        :raises NotAPodManager: when no Redfish service responds.
        """
        # Each operation begins here, and may try to log in.
        self._session.allow_login()
        return self.throttle.run(
            lambda: self._root(deadline), deadline, _GET_ATTEMPTS
        )

    def _root(self, deadline: Deadline) -> JsonObject:
        for path in (ROOT, ROOT + '/'):
            response = self._get_public(path, deadline)
            if response.status != 404:
                break
        if response.status in (401, 403):
            response = self.request('GET', path, deadline)
        if response.status >= 500 or response.status in (408, 429):
            # It says nothing of what the service is.
            errors.check(response, path)
        if response.status != 200 or 'RedfishVersion' not in response.body:
            raise exception.NotAPodManager(
                reason=f'no Redfish service root at {self._http.url(path)} '
                f'({refusals.phrase(response.status)})'
            )
        for uri in related(response.body, 'Sessions')[:1]:
            self._session.collection = uri
        return response.body

    def _get_public(self, path: str, deadline: Deadline) -> Response:
        """GET without a session, which no service may require for the root."""
        basic = self._session.is_configured_basic
        try:
            return self._http.send('GET', path, deadline, basic=basic)
        except exception.MalformedResponse as exc:
            raise exception.NotAPodManager(reason=str(exc)) from None

    def get(self, uri: str, deadline: Deadline) -> JsonObject:
        """A resource.

        :raises ResourceGone: when it does not exist.
        :raises MalformedResponse: when the response holds none.
        """
        return self.throttle.run(
            lambda: self._get(uri, deadline), deadline, _GET_ATTEMPTS
        )

    def read(self, uri: str, deadline: Deadline) -> JsonObject:
        """One resource of many: :meth:`get`, waiting longer for a busy one."""
        return self.throttle.run(lambda: self._get(uri, deadline), deadline)

    def _get(self, uri: str, deadline: Deadline) -> JsonObject:
        for attempt in range(1, _GET_ATTEMPTS + 1):
            try:
                response = self.request(
                    'GET',
                    uri,
                    deadline.at_most(self._timeout),
                    check=False,
                )
                errors.check(response, uri, exception.Unreadable)
                errors.check_resource(response, uri)
                return response.body
            except throttle.Busy:
                raise
            except exception.PodManagerUnavailable:
                if attempt == _GET_ATTEMPTS or deadline.left() <= 0:
                    raise
        raise AssertionError

    def get_with_etags(
        self, uri: str, deadline: Deadline
    ) -> tuple[JsonObject, list[str | None]]:
        """A resource and its ETags: of the header and of the body."""
        response = self.request('GET', uri, deadline)
        header = response.headers.get('ETag')
        inside = response.body.get('@odata.etag')
        tags = [tag for tag in (header, inside) if isinstance(tag, str)]
        return response.body, list(dict.fromkeys(filter(None, tags)))

    def post(self, uri: str, body: JsonObject, deadline: Deadline) -> Response:
        """Send a POST, once, and follow the task that it may start."""
        response = self.request('POST', uri, deadline, body)
        response = tasks.finish(self, response, deadline)
        errors.check(response, uri)
        return response

    def delete(self, uri: str, deadline: Deadline) -> None:
        """Delete a resource; a no-op if it does not exist."""
        response = self.request('DELETE', uri, deadline, check=False)
        response = tasks.finish(self, response, deadline)
        if response.status not in tasks.GONE:
            errors.check(response, uri)

    def request(
        self,
        method: str,
        uri: str,
        deadline: Deadline,
        body: JsonObject | None = None,
        check: bool = True,
        headers: dict[str, str] | None = None,
        once: bool = False,
    ) -> Response:
        """Send a request, authenticated, and read the whole response.

        :param check: raise an exception for an error response.
        :param headers: sent in addition to the usual ones.
        :param once: whether it must not be sent twice, not even with another
            login: what is denied may have been done all the same.
        :raises PodManagerUnavailable: when no complete response came in time.
        """
        login = self._session.login(deadline)
        response = self._send(method, uri, deadline, body, login, headers)
        if not once and self._session.may_renew(login, response.status):
            # The session may have expired: log in once more.
            login = self._session.login(deadline, rejected=login)
            response = self._send(method, uri, deadline, body, login, headers)
            self._session.note_renewed(response.status)
        self._session.check_accepted(login, response.status)
        if check:
            errors.check(response, uri)
        return response

    def _send(
        self,
        method: str,
        uri: str,
        deadline: Deadline,
        body: JsonObject | None,
        login: Login,
        headers: dict[str, str] | None,
    ) -> Response:
        headers = {**(headers or {}), **login.headers}
        return self._http.send(
            method, uri, deadline, body, headers, login.basic
        )

    def stream(self, uri: str, deadline: Deadline) -> EventStream:
        """Open a stream of server-sent events.

        :param deadline: for opening it; it may stay open for ever.
        """
        login = self._session.login(deadline)
        response, sent = self._open(uri, deadline, login)
        if self._session.may_renew(login, response.status_code):
            response.close()
            login = self._session.login(deadline, rejected=login)
            response, sent = self._open(uri, deadline, login)
        kind = response.headers.get('Content-Type', '')
        if response.status_code != 200 or 'event-stream' not in kind:
            response.close()
            status = response.status_code
            reason = f'{uri} is no event stream (status {status})'
            if status in (401, 403):
                raise exception.AuthenticationFailed(reason=reason)
            if status in _BUSY:
                raise exception.PodManagerUnavailable(reason=reason)
            raise exception.RequestRejected(reason=reason)
        return EventStream(response, sent)

    def _open(
        self, uri: str, deadline: Deadline, login: Login
    ) -> tuple[requests.Response, transport.Sent]:
        headers = {'Accept': 'text/event-stream', **login.headers}
        return self._http.open(uri, deadline, headers, login.basic)

    def close(self) -> None:
        """Log out and close the connections."""
        self.throttle.close()
        self._session.close()
        self._http.close()
