# SPDX-License-Identifier: Apache-2.0
"""The Redfish client that all Redfish drivers share.

What it is careful about was seen on real services: redirects between
``/redfish/v1`` and ``/redfish/v1/``, a base URL with a path of its own, JSON
that is called HTML and the other way round, sessions that expire in the
middle.
"""

import threading
import time
import urllib.parse
from typing import Any

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.redfish.sse import EventStream
from valence.podmanagers.wire import client
from valence.podmanagers.wire import throttle
from valence.podmanagers.wire.client import Answer

LOG = log.getLogger(__name__)


ROOT = '/redfish/v1'


_GET_ATTEMPTS = 2


_LOGOUT_SECONDS = 5


# So long a refused login stands for all that would log in as well.
_REFUSED_SECONDS = 10


# A session resource that is not there means that the service has no sessions.
_NO_SESSIONS = (404, 405, 501)


_BUSY = (429, 503)


_SHORTEST_PAUSE = 0.2


_LONGEST_PAUSE = 10.0


_FULL = 'SessionLimitExceeded'


class Client:
    """Requests to one Redfish service, from any number of threads."""

    def __init__(self, connection: base.Connection) -> None:
        self._connection = connection
        path = urllib.parse.urlsplit(connection.url).path.rstrip('/')
        self._http = client.Http(
            connection,
            prefix=path.removesuffix(ROOT) if path.endswith(ROOT) else path,
            headers={'OData-Version': '4.0'},
        )
        self._lock = threading.Lock()
        self._token: str | None = None
        self._session_uri: str | None = None
        # Why a login was refused, and until when it is not tried again.
        self._refusal: str | None = None
        self._refused_until = 0.0
        self._sessions = f'{ROOT}/SessionService/Sessions'
        # Whether it wants a slash at the end of every path.
        self._slashes = False
        # What the members of a collection have at the end of their URIs.
        self.endings: dict[str, str] = {}
        self._closed = False
        self._basic = connection.auth_type == 'basic'
        self.throttle = throttle.Throttle()

    def root(self, deadline: base.Deadline) -> dict[str, Any]:
        """The service root, wherever it answers.

        :raises NotAPodManager: when no Redfish service answers.
        """
        # Whoever begins here may log in, whatever others were told.
        self._refusal = None
        return self.throttle.run(
            lambda: self._root(deadline), deadline, _GET_ATTEMPTS
        )

    def _root(self, deadline: base.Deadline) -> dict[str, Any]:
        for path in (ROOT, ROOT + '/'):
            answer = self._public(path, deadline)
            if answer.status != 404:
                break
        if answer.status in (401, 403):
            answer = self.request('GET', path, deadline)
        if answer.status in (429, 502, 503, 504):
            self.check(answer, path)
        if answer.status != 200 or 'RedfishVersion' not in answer.body:
            raise exception.NotAPodManager(
                reason=f'no Redfish service root at {self._http.url(path)} '
                f'(status {answer.status})'
            )
        told = answer.body.get('Links')
        self._slashes = path.endswith('/')
        place = link(told.get('Sessions')) if isinstance(told, dict) else None
        self._sessions = place or self._sessions
        return answer.body

    def _public(self, path: str, deadline: base.Deadline) -> Answer:
        """The root without a login, which no service may ask for there."""
        try:
            return self._http.send('GET', path, deadline, basic=self._basic)
        except exception.MalformedAnswer as exc:
            raise exception.NotAPodManager(reason=str(exc)) from None

    def get(self, uri: str, deadline: base.Deadline) -> dict[str, Any]:
        """A resource.

        :raises ResourceGone: when it is not there.
        :raises MalformedAnswer: when what comes is none.
        """
        return self.throttle.run(
            lambda: self._get(uri, deadline), deadline, _GET_ATTEMPTS
        )

    def read(self, uri: str, deadline: base.Deadline) -> dict[str, Any]:
        """A resource out of many, with more patience: see :meth:`get`."""
        return self.throttle.run(lambda: self._get(uri, deadline), deadline)

    def _get(self, uri: str, deadline: base.Deadline) -> dict[str, Any]:
        for attempt in range(1, _GET_ATTEMPTS + 1):
            try:
                answer = self.request(
                    'GET',
                    uri,
                    deadline.sooner(cfg.CONF.redfish.request_timeout),
                )
                _check_resource(answer, uri)
                return answer.body
            except throttle.Busy:
                raise
            except exception.PodManagerUnavailable:
                if attempt == _GET_ATTEMPTS or deadline.left() <= 0:
                    raise
            except exception.ResourceGone:
                if not self._slashes or uri.endswith('/'):
                    raise
                return self._get(f'{uri}/', deadline)
        raise AssertionError

    def post(
        self, uri: str, body: dict[str, Any], deadline: base.Deadline
    ) -> Answer:
        """Send a POST, once."""
        return self.request('POST', uri, deadline, body)

    def delete(self, uri: str, deadline: base.Deadline) -> None:
        """Delete a resource; one that is gone already is well."""
        answer = self.request('DELETE', uri, deadline, check=False)
        if answer.status != 404:
            self.check(answer, uri)

    def request(
        self,
        method: str,
        uri: str,
        deadline: base.Deadline,
        body: dict[str, Any] | None = None,
        check: bool = True,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request, logged in, and read the whole answer.

        :param check: raise for an answer that says no.
        :param headers: sent besides the usual ones.
        :raises PodManagerUnavailable: when no proper answer came in time.
        """
        token = self._log_in(deadline)
        answer = self._send(method, uri, deadline, body, token, headers)
        if answer.status == 401 and token is not None:
            # The session may have expired: log in once more, then believe it.
            token = self._log_in(deadline, stale=token)
            answer = self._send(method, uri, deadline, body, token, headers)
        if check:
            self.check(answer, uri)
        return answer

    def check(self, answer: Answer, uri: str) -> None:
        """Raise what an answer that says no means."""
        status = answer.status
        if status < 300:
            return
        if status in (401, 403):
            raise exception.AuthenticationFailed(reason=words(answer))
        if status == 404:
            raise exception.ResourceGone(uri=uri)
        if status in _BUSY:
            raise throttle.Busy(
                reason=f'it answered {status}: {words(answer)}',
                seconds=_pause(answer),
            )
        if status in (502, 504):
            raise exception.PodManagerUnavailable(
                reason=f'it answered {status}: {words(answer)}'
            )
        if status >= 500:
            raise exception.PodManagerError(
                reason=f'it answered {status}: {words(answer)}'
            )
        raise exception.RequestRejected(reason=words(answer))

    def _log_in(
        self, deadline: base.Deadline, stale: str | None = None
    ) -> str | None:
        """The token of our session; None where there is none to have.

        :param stale: a token that is not taken any more.
        """
        if self._basic or self._connection.username is None:
            return None
        with self._lock:
            if self._closed:
                # Nobody would end the session.
                raise exception.PodManagerUnavailable(
                    reason='the connection was given up meanwhile'
                )
            if self._token is not None and self._token != stale:
                return self._token
            self._token = None
            if self._refusal and time.monotonic() < self._refused_until:
                raise exception.AuthenticationFailed(reason=self._refusal)
            credentials = {
                'UserName': self._connection.username,
                'Password': self._connection.password or '',
            }
            answer = self._http.send(
                'POST', self._sessions, deadline, credentials
            )
            if answer.status in _NO_SESSIONS or _is_full(answer):
                self._basic = True
                return None
            if answer.status in (400, 401, 403):
                # Who goes on trying gets the account locked.
                self._refused_until = time.monotonic() + _REFUSED_SECONDS
                self._refusal = words(answer)
                raise exception.AuthenticationFailed(reason=self._refusal)
            self.check(answer, 'the session')
            self._token = answer.headers.get('X-Auth-Token')
            if self._token is None:
                # A session that cannot be used; a login each time can.
                self._basic = True
                return None
            self._session_uri = answer.location
            return self._token

    def close(self) -> None:
        """Log out and close the connections."""
        self.throttle.close()
        with self._lock:
            self._closed = True
            token, self._token = self._token, None
        if token is not None and self._session_uri is not None:
            deadline = base.Deadline(_LOGOUT_SECONDS)
            try:
                self._send('DELETE', self._session_uri, deadline, None, token)
            except exception.PodManagerError as exc:
                LOG.debug('The session was not closed: %s', exc)
        self._http.close()

    def stream(self, uri: str, deadline: base.Deadline) -> 'EventStream':
        """Open a stream of server-sent events.

        :param deadline: when it has to be open; it may stay so for ever.
        """
        headers = {'Accept': 'text/event-stream'}
        token = self._log_in(deadline)
        if token:
            headers['X-Auth-Token'] = token
        response, sent = self._http.open(uri, deadline, headers, self._basic)
        kind = response.headers.get('Content-Type', '')
        if response.status_code != 200 or 'event-stream' not in kind:
            response.close()
            raise exception.RequestRejected(
                reason=f'{uri} is no event stream '
                f'(status {response.status_code})'
            )
        return EventStream(response, sent)

    def _send(
        self,
        method: str,
        uri: str,
        deadline: base.Deadline,
        body: dict[str, Any] | None,
        token: str | None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        headers = dict(headers or {})
        if token:
            headers['X-Auth-Token'] = token
        return self._http.send(
            method, uri, deadline, body, headers, self._basic
        )


def _pause(answer: Answer) -> float:
    """Seconds that a service which is busy wants to be left in peace."""
    try:
        seconds = float(answer.headers.get('Retry-After'))
    except (TypeError, ValueError):
        return _SHORTEST_PAUSE
    return min(max(_SHORTEST_PAUSE, seconds), _LONGEST_PAUSE)


def _check_resource(answer: Answer, uri: str) -> None:
    """Refuse what is called well, but is an error or nothing at all."""
    if all(
        name == 'error' or name.startswith('@odata.') for name in answer.body
    ):
        raise exception.MalformedAnswer(
            reason=f'{uri} is no resource: {words(answer)}'
        )


def _is_full(answer: Answer) -> bool:
    """Whether a service bears no more sessions.

    Processes that died leave theirs behind; a login with every request needs
    none.
    """
    return answer.status >= 400 and _FULL in str(answer.body.get('error'))


def words(answer: Answer) -> str:
    """What an answer says went wrong, in the service's own words."""
    error = answer.body.get('error')
    if not isinstance(error, dict):
        return f'status {answer.status}'
    words = [error.get('message')]
    extended = error.get('@Message.ExtendedInfo')
    if isinstance(extended, dict):
        extended = [extended]
    if isinstance(extended, list):
        words.extend(
            info.get('Message') for info in extended if isinstance(info, dict)
        )
    said = dict.fromkeys(
        text.strip() for text in words if isinstance(text, str) and text
    )
    return ' '.join(said)[:1000] or f'status {answer.status}'


def link(value: Any) -> str | None:
    """The URI that a reference points to; None where it is no reference.

    Of an absolute URL only the path counts: services know themselves by other
    names than we do.
    """
    if isinstance(value, dict):
        value = value.get('@odata.id')
    if not isinstance(value, str) or not value.isprintable():
        return None
    if value.startswith(('http://', 'https://', '//')):
        try:
            parts = urllib.parse.urlsplit(value)
        except ValueError:
            return None
        return parts._replace(scheme='', netloc='').geturl() or None
    return value or None


def links(value: Any) -> list[str]:
    """The URIs of a list of references, or of a single one."""
    values = value if isinstance(value, list) else [value]
    return [uri for uri in map(link, values) if uri is not None]
