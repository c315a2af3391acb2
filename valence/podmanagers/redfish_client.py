# SPDX-License-Identifier: Apache-2.0
"""The Redfish client that all Redfish drivers share.

What it is careful about was seen on real services: redirects between
``/redfish/v1`` and ``/redfish/v1/``, a base URL with a path of its own, JSON
that is called HTML and the other way round, members listed twice, counts that
lie, collections that never end, sessions that expire in the middle.
"""

import concurrent.futures
import contextlib
import threading
import urllib.parse
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import orjson
import requests
from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import http
from valence.podmanagers import transport
from valence.podmanagers.http import Answer

LOG = log.getLogger(__name__)

ROOT = '/redfish/v1'
_GET_ATTEMPTS = 2
_FIRST_PARALLEL = 8
# So many requests in a row without an answer, and the service is gone.
_GIVE_UP_AFTER = 64
# A session resource that is not there means that the service has no sessions.
_NO_SESSIONS = (404, 405, 501)
_FULL = 'SessionLimitExceeded'


class Client:
    """Requests to one Redfish service, from any number of threads."""

    def __init__(self, connection: base.Connection) -> None:
        self._connection = connection
        path = urllib.parse.urlsplit(connection.url).path.rstrip('/')
        self._http = http.Http(
            connection,
            prefix=path.removesuffix(ROOT) if path.endswith(ROOT) else path,
            headers={'OData-Version': '4.0'},
        )
        self._lock = threading.Lock()
        self._token: str | None = None
        self._session_uri: str | None = None
        self._basic = connection.auth_type == 'basic'
        self.throttle = Throttle()

    def root(self, deadline: base.Deadline) -> dict[str, Any]:
        """The service root, wherever it answers.

        :raises NotAPodManager: when no Redfish service answers.
        """
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
        """
        for attempt in range(1, _GET_ATTEMPTS + 1):
            try:
                return self.request(
                    'GET',
                    uri,
                    deadline.sooner(cfg.CONF.redfish.request_timeout),
                ).body
            except exception.PodManagerUnavailable:
                if attempt == _GET_ATTEMPTS or deadline.left() <= 0:
                    raise
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
        if status in (429, 502, 503, 504):
            raise exception.PodManagerUnavailable(
                reason=f'it answered {status}: {words(answer)}'
            )
        if status >= 500:
            raise exception.PodManagerError(
                reason=f'it answered {status}: {words(answer)}'
            )
        raise exception.RequestRefused(reason=words(answer))

    def _log_in(
        self, deadline: base.Deadline, stale: str | None = None
    ) -> str | None:
        """The token of our session; None where there is none to have.

        :param stale: a token that is not taken any more.
        """
        if self._basic or self._connection.username is None:
            return None
        with self._lock:
            if self._token is not None and self._token != stale:
                return self._token
            self._token = None
            credentials = {
                'UserName': self._connection.username,
                'Password': self._connection.password or '',
            }
            answer = self._http.send(
                'POST',
                f'{ROOT}/SessionService/Sessions',
                deadline,
                credentials,
            )
            if answer.status in _NO_SESSIONS or _is_full(answer):
                self._basic = True
                return None
            if answer.status in (400, 401, 403):
                raise exception.AuthenticationFailed(reason=words(answer))
            self.check(answer, 'the session')
            self._token = answer.headers.get('X-Auth-Token')
            if self._token is None:
                raise exception.AuthenticationFailed(
                    reason='the service made a session without a token'
                )
            self._session_uri = answer.location
            return self._token

    def close(self) -> None:
        """Log out and close the connections."""
        if self._token is not None and self._session_uri is not None:
            try:
                self._send(
                    'DELETE',
                    self._session_uri,
                    base.Deadline(5),
                    None,
                    self._token,
                )
            except exception.PodManagerError as exc:
                LOG.debug('The session was not closed: %s', exc)
            self._token = None
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
            raise exception.RequestRefused(
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


class EventStream:
    """The events that come over an open stream, as JSON objects."""

    def __init__(
        self, response: requests.Response, sent: transport.Sent
    ) -> None:
        self._response = response
        self._sent = sent

    def __iter__(self) -> Iterator[dict[str, Any]]:
        # What comes in chunks comes whole; the rest is waited for by bytes.
        chunked = getattr(self._response.raw, 'chunked', False)
        size = http.CHUNK if chunked else 1
        data: list[bytes] = []
        try:
            for line in self._response.iter_lines(size):
                if line.startswith(b'data:'):
                    data.append(line[5:].strip())
                elif not line and data:
                    yield from _event(b'\n'.join(data))
                    data = []
                if sum(map(len, data)) > cfg.CONF.redfish.max_answer_bytes:
                    raise ValueError('an event is too large')
        except (*http.NO_ANSWER, AttributeError) as exc:
            LOG.debug('The event stream ended: %s', exc)
        finally:
            self._response.close()

    def close(self) -> None:
        """End the stream; whoever reads from it sees its end."""
        self._sent.cut()


def _event(data: bytes) -> Iterator[dict[str, Any]]:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    if isinstance(event, dict):
        yield event


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


class Throttle:
    """How many requests at once a service bears, found out by asking it.

    Every round that goes well allows one more, up to [redfish] parallel; a
    request that gets no proper answer halves what is allowed.
    """

    def __init__(self) -> None:
        self._most = cfg.CONF.redfish.parallel
        self._allowed = float(min(_FIRST_PARALLEL, self._most))
        self._under_way = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Wait for a place among the requests, and keep it meanwhile."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._under_way < int(self._allowed)
            )
            self._under_way += 1
        try:
            yield
            change = 1 / self._allowed
        except exception.PodManagerUnavailable:
            change = -self._allowed / 2
            raise
        except BaseException:
            change = 0.0
            raise
        finally:
            with self._changed:
                self._under_way -= 1
                allowed = self._allowed + change
                self._allowed = max(1.0, min(float(self._most), allowed))
                self._changed.notify_all()


class Crawler:
    """Reads resources in parallel, each at most once.

    What cannot be read is remembered in ``failed`` and spoils nothing else;
    but a service that answers nothing any more is given up.
    """

    def __init__(
        self, client: Client, deadline: base.Deadline, expand: bool
    ) -> None:
        self._client = client
        self._deadline = deadline
        self._expand = expand
        self._pool = concurrent.futures.ThreadPoolExecutor(
            cfg.CONF.redfish.parallel, thread_name_prefix='crawler'
        )
        self._read: dict[str, dict[str, Any]] = {}
        self.failed: dict[str, str] = {}
        self.gone: set[str] = set()
        self._unanswered = 0
        self._refused: exception.AuthenticationFailed | None = None

    def __enter__(self) -> 'Crawler':
        return self

    def __exit__(self, *exc: Any) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def get_many(self, uris: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The resources that can be read, by URI.

        :raises PodManagerUnavailable: when the service answers no more.
        """
        wanted = list(dict.fromkeys(uris))
        missing = [
            uri
            for uri in wanted
            if uri not in self._read and uri not in self.failed
        ]
        for _ in self._pool.map(self._fetch, missing):
            if self._unanswered > _GIVE_UP_AFTER:
                raise exception.PodManagerUnavailable(
                    reason='it stopped answering: '
                    + next(reversed(self.failed.values()))
                )
        return {uri: self._read[uri] for uri in wanted if uri in self._read}

    def _fetch(self, uri: str) -> None:
        if self._unanswered > _GIVE_UP_AFTER:
            return
        try:
            with self._client.throttle.place():
                self._read[uri] = self._client.get(uri, self._deadline)
            self._unanswered = 0
        except exception.PodManagerUnavailable as exc:
            # An answer that makes no sense is an answer nevertheless.
            if not isinstance(exc, exception.MalformedAnswer):
                self._unanswered += 1
            self.failed[uri] = str(exc)
        except exception.ResourceGone as exc:
            self.gone.add(uri)
            self.failed[uri] = str(exc)
        except exception.PodManagerError as exc:
            if isinstance(exc, exception.AuthenticationFailed):
                self._refused = exc
            self.failed[uri] = str(exc)

    def roots(self, uris: Iterable[str]) -> dict[str, list[str]]:
        """The members of the collections that everything else lies below.

        :raises AuthenticationFailed: when they are not for us to read: a
            login that is not taken is not an empty pod.
        """
        found = self.members_of(uris)
        if self._refused is not None:
            raise self._refused
        return found

    def members_of(self, uris: Iterable[str]) -> dict[str, list[str]]:
        """The members of several collections, by the collection's URI."""
        wanted = list(dict.fromkeys(uris))
        found = list(self._pool.map(self.members, wanted))
        return dict(zip(wanted, found, strict=True))

    def members(self, uri: str) -> list[str]:
        """The URIs of a collection's members: counted, not believed.

        A collection that cannot be read is noted with a slash behind its
        URI: nothing is known of what lies below it.
        """
        found: dict[str, None] = {}
        seen: set[str] = set()
        page: str | None = uri
        while page is not None and page not in seen:
            seen.add(page)
            body = self._page(page, first=page == uri)
            if body is None:
                self.failed[uri.rstrip('/') + '/'] = self.failed[page]
                break
            for member in _list(body.get('Members')):
                self._keep(member, found)
            if len(found) > cfg.CONF.redfish.max_members:
                self.failed[uri.rstrip('/') + '/'] = (
                    f'{uri} has too many members'
                )
                break
            link = body.get('Members@odata.nextLink')
            page = link if isinstance(link, str) and link else None
        return list(found)

    def _page(self, uri: str, first: bool) -> dict[str, Any] | None:
        if self._expand and first:
            try:
                return self._client.get(
                    f'{uri}?$expand=.($levels=1)', self._deadline
                )
            except exception.PodManagerError as exc:
                # It was promised, but does not work: never ask again.
                LOG.info('No $expand on %s: %s', uri, exc)
                self._expand = False
        if uri not in self._read and uri not in self.failed:
            self._fetch(uri)
        return self._read.get(uri)

    def _keep(self, member: Any, found: dict[str, None]) -> None:
        uri = link(member)
        if uri is None:
            return
        found[uri] = None
        # More than its link: the member came expanded.
        if len(member) > 1 and 'Id' in member:
            self._read.setdefault(uri, member)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def link(value: Any) -> str | None:
    """The URI that a reference points to; None where it is no reference."""
    if isinstance(value, dict):
        value = value.get('@odata.id')
    return value if isinstance(value, str) and value else None


def links(value: Any) -> list[str]:
    """The URIs of a list of references, or of a single one."""
    values = value if isinstance(value, list) else [value]
    return [uri for uri in map(link, values) if uri is not None]
