# SPDX-License-Identifier: Apache-2.0
"""JSON over HTTP, for drivers of any protocol.

A request has one deadline for all of it, an answer a limit on its size. The
environment chooses neither proxies nor certificates, and the password goes to
no other host than the one that was registered.
"""

import ssl
import tempfile
import urllib.parse
from typing import Any
from typing import NamedTuple

import requests
import urllib3
from oslo_config import cfg

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.wire import decoding
from valence.podmanagers.wire import transport

CHUNK = 65536
# What stands for "no proper answer came".
NO_ANSWER = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 5

# Who chose not to verify certificates need not be told so at each request.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class Answer(NamedTuple):
    """What came back.

    :param body: the JSON object; empty where there was none.
    :param location: the path of the ``Location`` header.
    """

    status: int
    body: dict[str, Any]
    location: str | None
    headers: Any


class Http:
    """Requests to one service, from any number of threads.

    :param prefix: a path of the service's own that links may lack.
    :param headers: sent with every request.
    """

    def __init__(
        self,
        connection: base.Connection,
        prefix: str = '',
        headers: dict[str, str] | None = None,
    ) -> None:
        parts = urllib.parse.urlsplit(connection.url)
        self._origin = f'{parts.scheme}://{parts.netloc}'
        self._prefix = prefix
        self._connection = connection
        self._verify: bool | str = True
        if parts.scheme == 'https':
            self._verify, self._ca_file = _trust(connection)
        self._headers = {'Accept': 'application/json', **(headers or {})}
        # An adapter without the session around it: it does all that is wanted
        # for two thirds of the cost, and asks the environment for nothing.
        self._adapter = transport.Adapter(
            pool_connections=2,
            pool_maxsize=cfg.CONF.redfish.parallel + 4,
        )

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()

    def url(self, uri: str) -> str:
        """The whole URL of a link, which may lack our path prefix."""
        parts = urllib.parse.urlsplit(uri)
        path = parts.path if parts.path.startswith('/') else '/' + parts.path
        if self._prefix and not path.startswith(self._prefix + '/'):
            path = self._prefix + path
        query = f'?{parts.query}' if parts.query else ''
        # Whatever host a link names: the password only goes to ours.
        return f'{self._origin}{path}{query}'

    def login(self) -> Any:
        """User name and password as HTTP Basic wants them."""
        if self._connection.username is None:
            return None
        # Bytes, so that names beyond Latin-1 pass; the stubs know text only.
        password = self._connection.password or ''
        return self._connection.username.encode(), password.encode()

    def send(
        self,
        method: str,
        uri: str,
        deadline: base.Deadline,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        basic: bool = False,
    ) -> Answer:
        """Send a request and read the whole answer, whatever it says.

        :param basic: log in with every request.
        :raises PodManagerUnavailable: when no proper answer came in time.
        """
        for _ in range(_MAX_REDIRECTS):
            answer = self._send_once(
                method, uri, deadline, body, headers, basic
            )
            if answer.status not in _REDIRECTS or answer.location is None:
                return answer
            self._check_redirect(answer.headers['Location'])
            uri = urllib.parse.urljoin(uri, answer.location)
            if answer.status == 303:
                method, body = 'GET', None
        raise exception.PodManagerUnavailable(
            reason=f'{uri} is redirected for ever'
        )

    def _check_redirect(self, location: str) -> None:
        """Stop at a way to another scheme: it was not registered.

        :raises PodManagerUnavailable: naming what to register instead.
        """
        scheme = urllib.parse.urlsplit(location).scheme
        if scheme and not self._origin.startswith(f'{scheme}://'):
            raise exception.PodManagerUnavailable(
                reason=f'it redirects to {location[:255]}: register that URL'
            )

    def _send_once(
        self,
        method: str,
        uri: str,
        deadline: base.Deadline,
        body: dict[str, Any] | None,
        headers: dict[str, str] | None,
        basic: bool,
    ) -> Answer:
        left = deadline.left()
        if left <= 0:
            raise exception.PodManagerUnavailable(
                reason=f'timed out before {method} {uri} was sent'
            )
        try:
            with transport.within(deadline):
                prepared = self._prepare(method, uri, body, headers, basic)
                with self._adapter.send(
                    prepared, stream=True, timeout=left, verify=self._verify
                ) as response:
                    content = _read(response)
        except NO_ANSWER as exc:
            raise exception.PodManagerUnavailable(
                reason=_explain(exc, method, uri, deadline)
            ) from None
        return Answer(
            response.status_code,
            _parse(response, content, uri),
            _path(response.headers.get('Location')),
            response.headers,
        )

    def _prepare(
        self,
        method: str,
        uri: str,
        body: dict[str, Any] | None,
        headers: dict[str, str] | None,
        basic: bool,
    ) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=method,
            url=self.url(uri),
            headers={**self._headers, **(headers or {})},
            json=body,
            auth=self.login() if basic else None,
        )
        return prepared

    def open(
        self,
        uri: str,
        deadline: base.Deadline,
        headers: dict[str, str],
        basic: bool = False,
    ) -> tuple[requests.Response, transport.Sent]:
        """Open an answer that may go on for ever.

        :param deadline: when it has to have begun.
        """
        left = max(deadline.left(), 0.01)
        try:
            with transport.within(deadline) as sent:
                response = self._adapter.send(
                    self._prepare('GET', uri, None, headers, basic),
                    stream=True,
                    timeout=(left, None),
                    verify=self._verify,
                )
        except NO_ANSWER as exc:
            raise exception.PodManagerUnavailable(
                reason=_explain(exc, 'GET', uri, deadline)
            ) from None
        return response, sent


def _trust(connection: base.Connection) -> tuple[bool | str, Any]:
    """What ``requests`` is to verify certificates with, and what holds it."""
    if connection.insecure:
        return False, None
    if connection.ca_cert is not None:
        file = tempfile.NamedTemporaryFile('w', suffix='.pem')
        file.write(connection.ca_cert)
        file.flush()
        return file.name, file
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or True, None


def _read(response: requests.Response) -> bytes:
    limit = cfg.CONF.redfish.max_answer_bytes
    content = bytearray()
    for chunk in response.iter_content(CHUNK):
        content += chunk
        if len(content) > limit:
            response.close()
            raise ValueError(f'the answer is larger than {limit} bytes')
    return bytes(content)


def _parse(
    response: requests.Response, content: bytes, uri: str
) -> dict[str, Any]:
    """The JSON object of an answer, whatever the answer calls itself."""
    if not content.strip():
        return {}
    words = [response.headers.get('Content-Type', 'no content type')[:64]]
    try:
        parsed = decoding.decode(content)
    except ValueError as exc:
        parsed = None
        words.append(str(exc))
    if isinstance(parsed, dict):
        return parsed
    if response.status_code >= 300:
        return {}
    raise exception.MalformedAnswer(
        reason=f'the answer of {uri} is not a JSON object ({": ".join(words)})'
    )


def _path(location: str | None) -> str | None:
    """The path of a Location header, which may be absolute."""
    if not location:
        return None
    try:
        parts = urllib.parse.urlsplit(location)
    except ValueError:
        return None
    return parts.path + (f'?{parts.query}' if parts.query else '')


def _explain(
    exc: Exception, method: str, uri: str, deadline: base.Deadline
) -> str:
    """Why no answer came, for people."""
    text = str(exc)
    if isinstance(exc, requests.exceptions.SSLError) or 'SSL' in text:
        return f'the TLS certificate or protocol is bad: {_innermost(exc)}'
    if deadline.left() <= 0 or isinstance(exc, requests.Timeout):
        return f'timed out: {method} {uri} had no complete answer in time'
    if 'NameResolutionError' in text or 'getaddrinfo' in text:
        return 'the host name cannot be resolved'
    if 'Connection refused' in text:
        return 'the connection was refused'
    return f'{method} {uri} failed: {_innermost(exc)}'


def _innermost(exc: BaseException) -> str:
    while True:
        reason = getattr(exc, 'reason', None)
        inner = next(
            (
                arg
                for arg in (reason, *exc.args)
                if isinstance(arg, BaseException)
            ),
            None,
        )
        if inner is None:
            return (str(exc) or type(exc).__name__)[:300]
        exc = inner
