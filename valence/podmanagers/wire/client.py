# SPDX-License-Identifier: Apache-2.0
"""JSON over HTTP, for drivers of any protocol.

A request has one deadline for all of it, a response a maximum size. The proxy
is that of the pod manager; neither proxies nor certificates are taken from the
environment. The password is sent to the registered host only.
"""

import contextlib
import threading
import urllib.parse
from collections.abc import Callable
from collections.abc import Mapping
from typing import NamedTuple

import requests
import urllib3
from oslo_config import cfg

from valence.common import context
from valence.common import exception
from valence.common.identity import canonical_link
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers import trimming
from valence.podmanagers.progress import Deadline
from valence.podmanagers.wire import decoding
from valence.podmanagers.wire import failures
from valence.podmanagers.wire import locations
from valence.podmanagers.wire import transport

CHUNK = 65536
# What is raised when no complete response arrives.
FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 5
# Responses beyond this size are read and decoded one at a time: decoded, JSON
# takes many times its size.
_LARGE = 1024 * 1024
# How much is kept of an error response that is no JSON object.
_TEXT_BYTES = 16384

# A pod manager registered as insecure would be warned of at each request.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class Response(NamedTuple):
    """A complete response.

    :param body: the JSON object; empty where there was none.
    :param location: the path and query of the ``Location`` header.
    :param text: what an error response contains instead of a JSON object.
    """

    status: int
    body: JsonObject
    location: str | None
    headers: Mapping[str, str]
    text: str = ''


class Http:
    """Requests to one service, from any number of threads.

    :param prefix: the path prefix of the service, which links may lack.
    :param headers: sent with every request.
    :param shrink: bounds a large body, before the next one is decoded.
    """

    def __init__(
        self,
        connection: base.Connection,
        prefix: str = '',
        headers: dict[str, str] | None = None,
        shrink: Callable[[JsonObject], JsonObject] = trimming.trim,
    ) -> None:
        self._shrink = shrink
        parts = urllib.parse.urlsplit(connection.url)
        self._origin = f'{parts.scheme}://{parts.netloc}'
        self._prefix = prefix
        self._connection = connection
        # Over TLS, what a proxy answers to CONNECT is raised instead.
        self._via_proxy = bool(connection.proxy_url) and (
            parts.scheme == 'http'
        )
        self._verify: bool | str = True
        if parts.scheme == 'https':
            self._verify, self._ca_file = transport.trust(connection)
        # Whether URIs may need a slash at the end: the service wrote a link
        # with one, or has its root there.
        self._slashes = False
        self._headers = {'Accept': 'application/json', **(headers or {})}
        self._closed = threading.Event()
        self._large = threading.Lock()
        # The adapter without a requests session: it does what is needed at
        # two thirds of the cost, and reads nothing from the environment.
        self._adapter = transport.Adapter(
            connection.parallel + 4,
            connection.proxy_url,
            _login(connection.proxy_username, connection.proxy_password),
        )

    def close(self) -> None:
        """Close the connections; no request is sent any more."""
        self._closed.set()
        self._adapter.close()

    def _check_open(self, request: str, deadline: Deadline) -> float:
        """The seconds left for a request, which is counted.

        :raises PodManagerUnavailable: when it must not be sent.
        """
        if self._closed.is_set():
            raise exception.NotSent(reason='the connection was closed')
        left = deadline.left()
        if left <= 0:
            raise exception.NotSent(
                reason=f'timed out before {request} was sent'
            )
        deadline.budget.spend('requests', 1)
        return left

    def url(self, uri: str) -> str:
        """The whole URL of a link, which may lack the path prefix.

        The host of a link is ignored: the password is sent to ours only.
        """
        parts = urllib.parse.urlsplit(uri)
        path = parts.path if parts.path.startswith('/') else '/' + parts.path
        if self._prefix and not path.startswith(self._prefix + '/'):
            path = self._prefix + path
        query = f'?{parts.query}' if parts.query else ''
        return f'{self._origin}{path}{query}'

    def credentials(self) -> transport.Credentials | None:
        """User name and password for HTTP Basic authentication."""
        return _login(self._connection.username, self._connection.password)

    def send(
        self,
        method: str,
        uri: str,
        deadline: Deadline,
        body: JsonObject | None = None,
        headers: dict[str, str] | None = None,
        basic: bool = False,
    ) -> Response:
        """Send a request and read the whole response, with any status.

        :param basic: authenticate with user name and password.
        :raises PodManagerUnavailable: when no complete response came in time.
        """
        if method == 'GET':
            # A change may take long, and reading does not.
            deadline = deadline.at_most(self._connection.request_timeout)

        def send(verb: str, where: str) -> Response:
            content = body if verb == method else None
            return self._send_once(
                verb, where, deadline, content, headers, basic
            )

        for _ in range(_MAX_REDIRECTS):
            response = self._send_slashed(send, method, uri)
            if response.status not in _REDIRECTS or response.location is None:
                return self._canonical(response)
            locations.check_scheme(response.headers['Location'], self._origin)
            target = urllib.parse.urljoin(uri, response.location)
            if method != 'GET' and response.status != 303:
                locations.check_same(uri, target, self._prefix)
            uri = target
            if response.status == 303:
                method, body = 'GET', None
        raise exception.PodManagerUnavailable(
            reason=f'too many redirects, the last to {uri}'
        )

    def _send_slashed(
        self, send: Callable[[str, str], Response], method: str, uri: str
    ) -> Response:
        """Send a request, with the slash that a canonical URI may lack.

        :param send: sends one, by its method and URI.
        """
        response = send(method, uri)
        if uri.endswith('/') and response.status == 200:
            self._slashes = True
        if response.status != 404 or not self._slashes or uri[-1:] == '/':
            return response
        if method != 'GET' and not _needs_slash(send, uri):
            return response
        return send(method, f'{uri}/')

    def _canonical(self, response: Response) -> Response:
        """A response whose URIs are without the prefix of the service.

        Services behind a proxy write it in some places and not in others.
        """
        location = response.location
        if location is not None:
            try:
                location = canonical_link(location, self._prefix)
            except ValueError:
                location = None
        body = response.body
        if self._prefix:
            body = {
                k: locations.without(v, self._prefix) for k, v in body.items()
            }
        return response._replace(location=location, body=body)

    def _send_once(
        self,
        method: str,
        uri: str,
        deadline: Deadline,
        body: JsonObject | None,
        headers: dict[str, str] | None,
        basic: bool,
    ) -> Response:
        left = self._check_open(f'{method} {uri}', deadline)
        with contextlib.ExitStack() as stack:
            try:
                with transport.within(deadline):
                    prepared = self._prepare(method, uri, body, headers, basic)
                    with self._adapter.send(
                        prepared,
                        stream=True,
                        timeout=left,
                        verify=self._verify,
                    ) as response:
                        self._check_proxy(response.status_code)
                        content = self._read(response, deadline, stack)
            except FAILURES as exc:
                raise failures.explain(exc, method, uri, deadline) from None
            self._slashes = self._slashes or b'/"' in content
            deadline.budget.spend('values', decoding.count_values(content))
            body = _parse(response, content, uri)
            if len(content) > _LARGE:
                body = self._shrink(body)
        return Response(
            response.status_code,
            body,
            locations.path_of(
                response.headers.get('Location'),
                uri,
                redirect=response.status_code in _REDIRECTS,
            ),
            response.headers,
            '' if body else content[:_TEXT_BYTES].decode('utf-8', 'replace'),
        )

    def _check_proxy(self, status: int) -> None:
        """Check that a response is not that of a proxy that wants a login.

        :raises NotSent: when it is.
        """
        if status == 407 and self._via_proxy:
            raise exception.NotSent(
                reason='the proxy does not accept proxy_username and '
                'proxy_password (407)'
            )

    def _read(
        self,
        response: requests.Response,
        deadline: Deadline,
        stack: contextlib.ExitStack,
    ) -> bytearray:
        """Read the whole content.

        :param stack: holds the lock of large responses until it is closed.
        """
        limit = cfg.CONF.redfish.max_answer_bytes
        content = bytearray()
        # What is compressed may grow a thousand times.
        encoded = 'Content-Encoding' in response.headers
        is_large = False
        for chunk in response.iter_content(CHUNK // 16 if encoded else CHUNK):
            deadline.budget.spend('bytes', len(chunk))
            content += chunk
            if len(content) > limit:
                raise ValueError(f'the response is larger than {limit} bytes')
            if len(content) > _LARGE and not is_large:
                if not self._large.acquire(timeout=max(0, deadline.left())):
                    raise TimeoutError
                stack.callback(self._large.release)
                is_large = True
        return content

    def _prepare(
        self,
        method: str,
        uri: str,
        body: JsonObject | None,
        headers: dict[str, str] | None,
        basic: bool,
    ) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=method,
            url=self.url(uri),
            headers={**self._headers, **_request_id(), **(headers or {})},
            json=body,
            # The type stubs know text only.
            auth=self.credentials() if basic else None,  # type: ignore[arg-type]
        )
        return prepared

    def open(
        self,
        uri: str,
        deadline: Deadline,
        headers: dict[str, str],
        basic: bool = False,
    ) -> tuple[requests.Response, transport.Sent]:
        """Send a GET whose response may never end.

        :param deadline: for the status line and headers.
        :raises PodManagerUnavailable: when they did not come in time.
        """
        left = self._check_open(f'GET {uri}', deadline)
        try:
            with transport.within(deadline) as sent:
                response = self._adapter.send(
                    self._prepare('GET', uri, None, headers, basic),
                    stream=True,
                    timeout=(left, None),
                    verify=self._verify,
                )
        except FAILURES as exc:
            raise failures.explain(exc, 'GET', uri, deadline) from None
        return response, sent


def _login(
    username: str | None, password: str | None
) -> transport.Credentials | None:
    if username is None:
        return None
    return username.encode(), (password or '').encode()


def _needs_slash(send: Callable[[str, str], Response], uri: str) -> bool:
    """Whether a URI is that of a resource with a slash at its end only.

    Otherwise a change that was answered with 404 may have been made all the
    same, and must not be sent again.
    """
    with_slash = f'{uri}/'
    return send('GET', uri).status == 404 and (
        send('GET', with_slash).status != 404
    )


def _request_id() -> dict[str, str]:
    """The header by which logs of other services name a request."""
    found = context.current_request_id()
    return {'X-OpenStack-Request-ID': found} if found else {}


def _parse(
    response: requests.Response, content: bytearray, uri: str
) -> JsonObject:
    """The JSON object of a response of any content type.

    :raises MalformedResponse: when a successful response is no JSON object.
    """
    if not content.strip():
        return {}
    details = [response.headers.get('Content-Type', 'no content type')[:64]]
    try:
        parsed = decoding.decode(content)
    except ValueError as exc:
        parsed = None
        details.append(str(exc))
    if isinstance(parsed, dict):
        return parsed
    if response.status_code >= 300:
        return {}
    raise exception.MalformedResponse(
        reason=f'the response of {uri} is not a JSON object '
        f'({": ".join(details)})'
    )
