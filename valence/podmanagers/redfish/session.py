# SPDX-License-Identifier: Apache-2.0
"""Authentication with a Redfish service: sessions, or HTTP Basic."""

import threading
import time
from typing import NamedTuple

from oslo_log import log

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.redfish import errors
from valence.podmanagers.wire import client
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import obj

LOG = log.getLogger(__name__)

_LOGOUT_SECONDS = 5
# How long a rejected login stands for those of other threads: repeated
# attempts get an account locked.
_REJECTED_SECONDS = 10
# How long a service is believed to have no session for us.
_NO_SESSION_SECONDS = 60
# The session collection does not exist: the service has no sessions.
_NO_SESSIONS = (404, 405, 501)
_FULL = 'SessionLimitExceeded'


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
        self._until = float('inf')
        self._uri: str | None = None
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

    def login(
        self, deadline: base.Deadline, rejected: Login | None = None
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
                # Nobody would delete the session.
                raise exception.PodManagerUnavailable(
                    reason='the connection was closed'
                )
            login = self._login
            if (
                login is None
                or login == rejected
                or time.monotonic() > self._until
            ):
                self._login = None
                login = self._login = self._create(deadline)
            return login

    def _create(self, deadline: base.Deadline) -> Login:
        """Create a session; HTTP Basic if that is impossible."""
        rejection = self._rejection
        if rejection and time.monotonic() < rejection[1]:
            raise exception.AuthenticationFailed(reason=rejection[0])
        response = self._http.send(
            'POST',
            self.collection,
            deadline,
            {
                'UserName': self._connection.username,
                'Password': self._connection.password or '',
            },
        )
        if response.status in _NO_SESSIONS or _is_full(response):
            return self._without_session()
        if response.status in (400, 401, 403):
            message = errors.message(response)
            self._rejection = message, time.monotonic() + _REJECTED_SECONDS
            raise exception.AuthenticationFailed(reason=message)
        errors.check(response, 'the session')
        token = response.headers.get('X-Auth-Token')
        if token is None:
            # A session that cannot be used.
            return self._without_session()
        self._uri = response.location
        self._until = float('inf')
        return Login(token)

    def _without_session(self) -> Login:
        self._uri = None
        self._until = time.monotonic() + _NO_SESSION_SECONDS
        return Login(basic=True)

    def close(self) -> None:
        """Delete the session; there will be no other."""
        with self._lock:
            self._closed = True
            login, self._login = self._login, None
        if login is None or login.token is None or self._uri is None:
            return
        deadline = base.Deadline(_LOGOUT_SECONDS)
        try:
            self._http.send(
                'DELETE', self._uri, deadline, headers=login.headers
            )
        except exception.PodManagerError as exc:
            LOG.debug('The session was not deleted: %s', exc)


def _is_full(response: Response) -> bool:
    """Whether a service has no room for another session.

    Processes that died left their sessions; HTTP Basic needs none.
    """
    error = obj(response.body.get('error'))
    return response.status >= 400 and _FULL in str(error)
