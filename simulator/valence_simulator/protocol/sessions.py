# SPDX-License-Identifier: Apache-2.0
"""Authentication: sessions, HTTP basic authentication and accounts."""

from __future__ import annotations

import argparse
import base64
import binascii
import dataclasses
import secrets
import time

from aiohttp import web

from valence_simulator import faults
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import document

SERVICE = f'{ROOT}/SessionService'
SESSIONS = f'{SERVICE}/Sessions'


@dataclasses.dataclass
class Session:
    id: str
    username: str
    token: str
    used: float

    @property
    def uri(self) -> str:
        return f'{SESSIONS}/{self.id}'


class Sessions:
    """The session service, which authenticates every request.

    :param options: the one user (without it no login is required), and the
        maximum number and lifetime of sessions.
    """

    def __init__(self, tree: Tree, options: argparse.Namespace):
        self._tree = tree
        self._options = options
        self._by_token: dict[str, Session] = {}
        self._next = 0
        tree.add(SERVICE, self._render_service, patch=self._update_service)
        tree.add_collection(
            SESSIONS,
            'SessionCollection',
            'Sessions',
            lambda: [s.uri for s in self.alive()],
            post=self._create,
        )

    def authenticate(self, request: web.BaseRequest) -> str | None:
        """Return the user of a request; None if no login is required.

        :raises RedfishError: 401.
        """
        token = request.headers.get('X-Auth-Token')
        if request.get(faults.EXPIRE_SESSION):
            self._drop(token)
            raise errors.unauthorized()
        if token is not None:
            session = self._by_token.get(token)
            if session is not None and not self._expired(session):
                session.used = time.monotonic()
                return session.username
            self._drop(token)
            if self._options.username is None:
                return None
            raise errors.unauthorized()
        if self._options.username is None:
            return None
        return self._basic(request.headers.get('Authorization', ''))

    def alive(self) -> list[Session]:
        """Return the sessions that have not expired."""
        for session in list(self._by_token.values()):
            if self._expired(session):
                self._drop(session.token)
        return list(self._by_token.values())

    def clear(self) -> None:
        """Delete all sessions, as on a restart."""
        for session in list(self._by_token.values()):
            self._drop(session.token)

    def is_user(self, username: object, password: object) -> bool:
        if self._options.username is None:
            return True
        return (
            username == self._options.username
            and password == self._options.password
        )

    def _basic(self, header: str) -> str:
        scheme, _, value = header.partition(' ')
        if scheme.lower() != 'basic':
            raise errors.unauthorized()
        try:
            login = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise errors.unauthorized() from error
        username, _, password = login.partition(':')
        if not self.is_user(username, password):
            raise errors.unauthorized()
        return username

    def _expired(self, session: Session) -> bool:
        return time.monotonic() - session.used > self._options.session_timeout

    def _drop(self, token: str | None) -> None:
        session = self._by_token.pop(token, None)
        if session is not None:
            self._tree.remove(session.uri)
            self._tree.changed(SESSIONS)

    async def _create(self, call: Call) -> web.Response:
        for name in ('UserName', 'Password'):
            if name not in call.body:
                raise errors.property_missing(name)
            if not isinstance(call.body[name], str):
                raise errors.property_type(name, call.body[name])
        if not self.is_user(call.body['UserName'], call.body['Password']):
            raise errors.unauthorized()
        if len(self.alive()) >= self._options.session_limit:
            raise errors.RedfishError(
                self._options.session_full_status,
                self._options.session_full_message_id,
                'The maximum number of user sessions is reached.',
            )
        self._next += 1
        session = Session(
            id=str(self._next),
            username=call.body['UserName'],
            token=secrets.token_hex(16),
            used=time.monotonic(),
        )
        self._by_token[session.token] = session
        resource = self._tree.add(
            session.uri, lambda: _render(session), delete=self._delete
        )
        self._tree.changed(SESSIONS)
        answer = answers.created(
            resource, headers={'X-Auth-Token': session.token}
        )
        if not self._options.session_location:
            del answer.headers['Location']
        return answer

    async def _delete(self, call: Call) -> web.Response:
        for session in self.alive():
            if session.uri == call.resource.uri:
                self._drop(session.token)
        return answers.no_content()

    async def _update_service(self, call: Call) -> web.Response:
        for name, value in call.body.items():
            if name != 'SessionTimeout':
                raise errors.property_not_writable(name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise errors.property_type(name, value)
            if not 30 <= value <= 86400:
                raise errors.property_value(name, value)
            self._options.session_timeout = value
        call.resource.changed()
        return answers.ok(call.resource)

    def _render_service(self) -> dict:
        return document(
            SERVICE,
            'SessionService.v1_1_2.SessionService',
            'Session Service',
            Description='Sessions of users with this service.',
            Status={'State': 'Enabled', 'Health': 'OK'},
            ServiceEnabled=True,
            SessionTimeout=max(30, self._options.session_timeout),
            Sessions={'@odata.id': SESSIONS},
        )


def _render(session: Session) -> dict:
    return document(
        session.uri,
        'Session.v1_0_0.Session',
        f'Session {session.id}',
        Description='A session of a user.',
        UserName=session.username,
    )
