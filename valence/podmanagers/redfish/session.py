# SPDX-License-Identifier: Apache-2.0
"""Authentication with a Redfish service: sessions, or HTTP Basic."""

import re
import threading
import time
from typing import NamedTuple

from oslo_log import log

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import pages
from valence.podmanagers.redfish.links import link
from valence.podmanagers.wire import client
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import text

LOG = log.getLogger(__name__)

_LOGOUT_SECONDS = 5
# How long a rejected login stands for those of other threads: repeated
# attempts get an account locked.
_REJECTED_SECONDS = 10
# How long a service is believed to have no session for us, and how long at
# least although it does not accept HTTP Basic either.
_NO_SESSION_SECONDS = 60
_RETRY_SECONDS = 5
# How long a new session is believed not to change what is denied.
_DENIED_SECONDS = 60
# The service has no sessions: they do not exist, or cannot be created.
_NO_SESSIONS = (404, 405, 410, 501)
# What says that there are too many sessions, in any words or in the ID of a
# message; its words may be run together.
_LIMIT = (
    r'(?:limit|max|exceed|(?<!success)full|too\s*many|reached|exhaust'
    r'|in\s*use|no\s*(?:more|free|avail)|not\s*avail|insufficient)'
)
_FULL = re.compile(
    rf'session.{{0,80}}{_LIMIT}|{_LIMIT}.{{0,80}}session'
    r'|CreateLimitReachedForResource|RAC0218',
    re.IGNORECASE,
)
# What says that a login is wrong, where the status does not.
_WRONG = re.compile(
    r'password|credential|user\s*name|log\s*in|unauthori[sz]ed|authenticat',
    re.IGNORECASE,
)
# The most sessions that are searched for ours.
_MAX_SESSIONS = 64


class Login(NamedTuple):
    """How requests are authenticated.

    :param token: of a session; None: by HTTP Basic, or not at all.
    :param basic: whether user name and password are sent.
    """

    token: str | None = None
    basic: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What it adds to the headers of a request."""
        return {'X-Auth-Token': self.token} if self.token else {}


class Session:
    """The session of one client with one service, for any number of threads.

    A service without sessions, or whose session table is full, is used with
    HTTP Basic for a while.

    :ivar collection: where sessions are created.
    """

    def __init__(
        self, http: client.Http, connection: base.Connection, collection: str
    ) -> None:
        self._http = http
        self._connection = connection
        self.collection = collection
        self._lock = threading.Lock()
        self._login: Login | None = None
        # Until when HTTP Basic is used, and at least, and why.
        self._until = float('inf')
        self._at_least = 0.0
        self._why = ''
        self._denied_until = 0.0
        # The response that created the session, which names it.
        self._created: Response | None = None
        self._closed = False
        # The message of a rejected login, and until when it stands.
        self._rejection: tuple[str, float] | None = None

    @property
    def is_configured_basic(self) -> bool:
        """Whether the pod manager is registered with HTTP Basic."""
        return self._connection.auth_type == 'basic'

    def allow_login(self) -> None:
        """Try to log in again even if that was rejected just now."""
        self._rejection = None

    def may_renew(self, login: Login, status: int) -> bool:
        """Whether another login may be accepted where this one is not.

        Some services deny what an expired session requests.
        """
        if login == Login(basic=self.is_configured_basic):
            return False
        now = time.monotonic()
        if login.basic:
            return status == 401 and now > self._at_least
        return status == 401 or (status == 403 and now > self._denied_until)

    def note_renewed(self, status: int) -> None:
        """Note the response to a request that was sent with a new login."""
        if status == 403:
            self._denied_until = time.monotonic() + _DENIED_SECONDS

    def check_accepted(self, login: Login, status: int) -> None:
        """Check that HTTP Basic is accepted where there is no session.

        :raises PodManagerUnavailable: when it is not, and there is no session
            for us now.
        """
        if status == 401 and login.basic and self._why:
            raise exception.PodManagerUnavailable(
                reason='the service has no session for us, and does not '
                f'accept HTTP Basic: {self._why}'
            )

    def login(
        self, deadline: Deadline, rejected: Login | None = None
    ) -> Login:
        """How to authenticate; creates the session if there is none.

        :param rejected: a login that the service does not accept any more.
        :raises AuthenticationFailed: when user name or password is wrong.
        """
        if self._connection.username is None:
            return Login()
        if self.is_configured_basic:
            return Login(basic=True)
        with self._lock:
            if self._closed:
                # The session would never be deleted.
                raise exception.PodManagerUnavailable(
                    reason='the connection was closed'
                )
            login = self._login
            now = time.monotonic()
            if (
                login is None
                or (login == rejected and now > self._at_least)
                or now > self._until
            ):
                old, self._login = self._created, None
                login = self._login = self._create(deadline)
                if old is not None:
                    self._delete(old, login, deadline.at_most(_LOGOUT_SECONDS))
            return login

    def _create(self, deadline: Deadline) -> Login:
        """Create a session; HTTP Basic if that is impossible."""
        rejection = self._rejection
        if rejection and time.monotonic() < rejection[1]:
            raise exception.AuthenticationFailed(reason=rejection[0])
        response = self._http.send(
            'POST',
            self.collection,
            # All others wait for it.
            deadline.at_most(self._connection.request_timeout),
            {
                'UserName': self._connection.username,
                'Password': self._connection.password or '',
            },
        )
        self._created = None
        if _is_wrong(response):
            message = errors.message(response)
            self._rejection = message, time.monotonic() + _REJECTED_SECONDS
            raise exception.AuthenticationFailed(reason=message)
        if response.status >= 300:
            return self._without_session(response)
        token = response.headers.get('X-Auth-Token')
        if token is None:
            # A session that cannot be used.
            login = self._without_session(response)
            self._delete(response, login, deadline)
            return login
        self._created = response
        self._until, self._at_least, self._why = float('inf'), 0.0, ''
        return Login(token)

    def _without_session(self, response: Response) -> Login:
        now = time.monotonic()
        self._until = now + _NO_SESSION_SECONDS
        self._at_least = now + _RETRY_SECONDS
        lasting = response.status < 300 or response.status in _NO_SESSIONS
        self._why = '' if lasting else errors.message(response)
        return Login(basic=True)

    def close(self) -> None:
        """Delete the session; there will be no other."""
        with self._lock:
            self._closed = True
            login, self._login = self._login, None
            created, self._created = self._created, None
        if login is not None and created is not None:
            deadline = Deadline(_LOGOUT_SECONDS)
            self._delete(created, login, deadline, search=True)

    def _delete(
        self,
        created: Response,
        login: Login,
        deadline: Deadline,
        search: bool = False,
    ) -> None:
        """Delete a session, by any name of it.

        :param created: the response that created it.
        :param search: look for it where that does not name it.
        """
        try:
            names = self._names(created)
            if search and not names:
                names = self._search(created, login, deadline)
            for uri in names:
                response = self._http.send(
                    'DELETE',
                    uri,
                    deadline,
                    headers=login.headers,
                    basic=login.basic,
                )
                if response.status < 300:
                    return
        except exception.PodManagerError as exc:
            LOG.debug('The session was not deleted: %s', exc)

    def _names(self, created: Response) -> list[str]:
        """The URIs that a session may have, the likeliest first."""
        ident = text(created.body.get('Id'))
        found = (
            created.location,
            link(created.body),
            link(f'{self.collection}/{ident}') if ident else None,
        )
        # Nothing but a session is ever deleted.
        return [
            uri
            for uri in dict.fromkeys(found)
            if uri and uri != self.collection and 'session' in uri.casefold()
        ]

    def _search(
        self, created: Response, login: Login, deadline: Deadline
    ) -> list[str]:
        """The session that shows our token, or is the only one of our user.

        As the login is accepted, the only one is ours.
        """

        def get(uri: str) -> Response:
            return self._http.send(
                'GET', uri, deadline, None, login.headers, login.basic
            )

        page = pages.parse(get(self.collection).body, self.collection)
        token = created.headers.get('X-Auth-Token')
        own = []
        for member in page.members[:_MAX_SESSIONS]:
            uri = link(member)
            body = get(uri).body if uri else {}
            if uri and token and repr(token) in str(body):
                return [uri]
            if uri and body.get('UserName') == self._connection.username:
                own.append(uri)
        return own if len(own) == 1 else []


def _is_wrong(response: Response) -> bool:
    """Whether a response says that user name or password is wrong.

    Services report a full table of sessions with any status.
    """
    if response.status not in (400, 401, 403):
        return False
    words = ' '.join((*errors.message_ids(response), errors.message(response)))
    if _FULL.search(words):
        return False
    return response.status != 400 or bool(_WRONG.search(words))
