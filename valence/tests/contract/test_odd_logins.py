# SPDX-License-Identifier: Apache-2.0
"""Sessions as odd as were seen."""

import fixtures

from valence.common import exception
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import block
from valence.tests.fixtures.odd_service import link


class LoginTestCase(odd.OddCase):
    def setUp(self):
        super().setUp()
        self.connect(username='admin', password='secret')

    def sessions(self, reply, place=f'{ROOT}/SessionService/Sessions'):
        self.pages[f'POST {place}'] = reply

    def test_sessions_that_are_not_offered(self):
        for status in (404, 405, 501):
            self.sessions(Reply(status))
            self.connect(username='admin', password='secret')
            self.assertBlocks(self.discover())

    def test_sessions_elsewhere(self):
        self.pages[ROOT]['Links'] = {'Sessions': link('/sessions/')}
        self.sessions(Reply(201, None, X_Auth_Token='t'), '/sessions/')
        self.pages['/sessions/'] = lambda body, headers: Reply(401)
        self.pages[BLOCKS + '/host'] = self.guarded(block('host', 'Compute'))
        self.assertBlocks(self.discover())

    def guarded(self, page):
        def answer(body, headers):
            return page if headers.get('X-Auth-Token') == 't' else Reply(403)

        return answer

    def test_a_session_without_a_token(self):
        self.sessions(Reply(201, None, Location='/s/1'))
        self.pages[BLOCKS + '/host'] = lambda body, headers: (
            block('host', 'Compute')
            if headers.get('Authorization', '').startswith('Basic ')
            else Reply(401)
        )
        self.assertBlocks(self.discover())

    def test_a_password_that_is_changed_half_way(self):
        """One rejected login is enough, or the account may be locked."""
        tokens = iter(['t'])

        def login(body, headers):
            token = next(tokens, None)
            return (
                Reply(201, None, X_Auth_Token=token) if token else Reply(401)
            )

        self.sessions(login)
        uris = [f'{BLOCKS}/{n}' for n in range(10, 60)]
        self.pages[BLOCKS] = odd_service.collection(*uris)
        self.pages.update({uri: Reply(401) for uri in uris})
        logins = f'POST {ROOT}/SessionService/Sessions'
        self.discover(*uris)
        self.assertEqual(2, self.service.asked.count(logins))
        # The next operation logs in again.
        self.assertRaises(
            exception.AuthenticationFailed, self.driver.probe, self.soon()
        )
        self.assertEqual(3, self.service.asked.count(logins))

    def test_a_session_that_ends_half_way(self):
        tokens = []

        def login(body, headers):
            tokens.append(f't{len(tokens)}')
            return Reply(200, None, x_auth_token=tokens[-1])

        self.sessions(login)
        # The first token is accepted for the collection only.
        self.pages[BLOCKS + '/disk'] = lambda body, headers: (
            block('disk', 'Storage')
            if headers.get('X-Auth-Token') == 't1'
            else Reply(401)
        )
        self.assertBlocks(self.discover())
        self.assertEqual(['t0', 't1'], tokens)

    def test_close_deletes_the_session(self):
        session = f'{ROOT}/SessionService/Sessions/1'
        self.sessions(Reply(201, None, X_Auth_Token='t', Location=session))
        self.pages[f'DELETE {session}'] = self.guarded(Reply(204))
        self.discover()
        self.driver.close()
        self.driver.close()
        self.assertEqual(1, self.service.asked.count(f'DELETE {session}'))

    def test_a_table_of_sessions_that_was_full_once(self):
        """HTTP Basic is used for a while only."""
        full = {'error': {'code': 'Base.1.0.SessionLimitExceeded'}}
        replies = [Reply(400, full)]
        self.sessions(
            lambda body, headers: (
                replies.pop()
                if replies
                else Reply(201, None, X_Auth_Token='t')
            )
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                'valence.podmanagers.redfish.session._NO_SESSION_SECONDS', 0
            )
        )
        self.pages[f'{BLOCKS}/host'] = self.guarded(block('host', 'Compute'))
        self.driver.probe(self.soon())
        self.assertBlocks(self.discover())
        logins = f'POST {ROOT}/SessionService/Sessions'
        self.assertEqual(2, self.service.asked.count(logins))


_SESSIONS = f'{ROOT}/SessionService/Sessions'


class EndOfSessionsTestCase(odd.OddCase):
    """Every session that was created is deleted, by whatever names it."""

    def setUp(self):
        super().setUp()
        self.connect(username='admin', password='secret')

    def assertEnded(self, reply, *uris, pages=()):
        """The session is deleted at the last of these URIs."""
        self.pages.update(pages)
        self.pages[f'POST {_SESSIONS}'] = reply
        self.pages[f'DELETE {uris[-1]}'] = Reply(204)
        self.connect(username='admin', password='secret')
        self.discover()
        del self.service.asked[:]
        self.driver.close()
        asked = [one for one in self.service.asked if 'DELETE' in one]
        self.assertEqual([f'DELETE {uri}' for uri in uris], asked)
        del self.pages[f'DELETE {uris[-1]}']

    def test_session_location(self):
        uri = f'{_SESSIONS}/7'
        for location in (
            uri,
            f'{uri}/',
            f'http://podm.internal:8443{uri}',
            'Sessions/7',
            '7',
            './Sessions/7',
        ):
            reply = Reply(201, None, X_Auth_Token='t', Location=location)
            self.assertEnded(reply, uri)
        for body in (link(uri), {'@odata.id': uri, 'Id': '7'}, {'Id': '7'}):
            self.assertEnded(Reply(201, body, X_Auth_Token='t'), uri)
        for location in ('http://h//[', '', f'{SYSTEMS}/1', _SESSIONS):
            reply = Reply(201, link(uri), X_Auth_Token='t', Location=location)
            self.assertEnded(reply, uri)

    def test_a_wrong_location(self):
        uri, other = f'{_SESSIONS}/7', f'{_SESSIONS}/8'
        reply = Reply(201, link(uri), X_Auth_Token='t', Location=other)
        self.assertEnded(reply, other, uri)

    def test_no_session_location(self):
        uri, other = f'{_SESSIONS}/7', f'{_SESSIONS}/8'
        reply = Reply(201, None, X_Auth_Token='t')
        for mine, theirs in (
            ({'UserName': 'admin'}, {'UserName': 'root'}),
            (
                {'UserName': 'admin', 'Oem': {'Token': 't'}},
                {'UserName': 'admin'},
            ),
        ):
            self.assertEnded(
                reply,
                uri,
                pages={
                    _SESSIONS: odd_service.collection(other, uri),
                    uri: {'Id': '7', **mine},
                    other: {'Id': '8', **theirs},
                },
            )

    def test_it_may_be_of_somebody_else(self):
        uris = [f'{_SESSIONS}/{n}' for n in (7, 8)]
        self.pages[f'POST {_SESSIONS}'] = Reply(201, None, X_Auth_Token='t')
        self.pages[_SESSIONS] = odd_service.collection(*uris)
        for uri in uris:
            self.pages[uri] = {'Id': 'x', 'UserName': 'admin'}
        self.discover()
        self.driver.close()
        self.assertFalse([x for x in self.service.asked if 'DELETE' in x])

    def test_one_without_a_token(self):
        uri = f'{_SESSIONS}/7'
        self.pages[f'POST {_SESSIONS}'] = Reply(201, link(uri))
        self.pages[f'DELETE {uri}'] = Reply(204)
        self.discover()
        self.assertEqual(1, self.service.asked.count(f'DELETE {uri}'))

    def test_one_that_is_replaced(self):
        """A 403 may mean that it has expired: another is tried, once."""
        numbers = iter(range(100))

        def login(body, headers):
            n = next(numbers)
            return Reply(
                201, None, X_Auth_Token=f't{n}', Location=f'{_SESSIONS}/{n}'
            )

        self.pages[f'POST {_SESSIONS}'] = login
        for n in range(3):
            self.pages[f'DELETE {_SESSIONS}/{n}'] = Reply(204)
        host = self.pages[f'{BLOCKS}/host']
        self.pages[f'{BLOCKS}/host'] = lambda body, headers: (
            host if headers.get('X-Auth-Token') != 't0' else Reply(403)
        )
        self.assertBlocks(self.discover())
        asked = self.service.asked
        self.assertEqual(1, asked.count(f'DELETE {_SESSIONS}/0'))
        self.assertEqual(2, asked.count(f'POST {_SESSIONS}'))
        # Another session does not help here.
        self.pages[f'{BLOCKS}/disk'] = Reply(403)
        for _ in range(5):
            self.discover('access denied')
        self.assertEqual(3, asked.count(f'POST {_SESSIONS}'))


class FullTestCase(odd.OddCase):
    """A service that has no session for us is used with HTTP Basic."""

    def setUp(self):
        super().setUp()
        self.connect(username='admin', password='secret')
        host = self.pages[f'{BLOCKS}/host']
        self.pages[f'{BLOCKS}/host'] = lambda body, headers: (
            host
            if 'Basic ' in headers.get('Authorization', '')
            else Reply(401)
        )

    def refuse(self, status, body=None):
        self.pages[f'POST {_SESSIONS}'] = Reply(status, body)
        self.connect(username='admin', password='secret')

    def test_in_any_words(self):
        texts = (
            'The maximum number of user sessions is reached.',
            'Session limit exceeded',
            'Too many active sessions',
            'There are no more sessions available.',
            'The session table is full.',
        )
        ids = (
            'Base.1.0.SessionLimitExceeded',
            'Base.1.15.CreateLimitReachedForResource',
            'IDRAC.2.4.RAC0218',
            'Oem.1.0.MaxSessionsReached',
        )
        bodies = [{'error': {'message': text}} for text in texts]
        bodies += [{'error': {'code': ident}} for ident in ids]
        bodies += [
            {'error': {'@Message.ExtendedInfo': [{'MessageId': ident}]}}
            for ident in ids
        ]
        for status in (400, 401, 403, 409, 429, 500, 503, 507):
            for body in (*bodies, texts[0].encode()):
                self.refuse(status, body)
                self.assertBlocks(self.discover())

    def test_without_words(self):
        for status in (400, 404, 405, 409, 410, 429, 500, 501, 503):
            self.refuse(status)
            self.assertBlocks(self.discover())

    def test_wrong_password(self):
        for status, body in (
            (401, None),
            (403, None),
            (401, {'error': {'message': 'No valid session was created'}}),
            (400, {'error': {'message': 'The password is wrong.'}}),
            (400, {'message': 'Login failed'}),
        ):
            self.refuse(status, body)
            self.assertRaises(
                exception.AuthenticationFailed,
                self.driver.discover,
                self.soon(),
            )

    def test_a_service_that_does_not_accept_basic(self):
        """That is no wrong password, and it does not last for ever."""
        self.pages[f'{BLOCKS}/host'] = block('host', 'Compute')
        replies = [Reply(503, {'message': 'Too many sessions'})]
        self.pages[f'POST {_SESSIONS}'] = lambda body, headers: (
            replies[0] if replies else Reply(201, None, X_Auth_Token='t')
        )
        for uri in (BLOCKS, SYSTEMS):
            page = self.pages[uri]
            self.pages[uri] = lambda body, headers, page=page: (
                page if headers.get('X-Auth-Token') else Reply(401)
            )
        failure = self.assertRaises(
            exception.PodManagerUnavailable, self.driver.probe, self.soon()
        )
        self.assertIn('no session for us', str(failure))
        self.assertIn('Too many sessions', str(failure))
        replies.clear()
        self.useFixture(
            fixtures.MonkeyPatch(
                'valence.podmanagers.redfish.session._RETRY_SECONDS', 0
            )
        )
        self.connect(username='admin', password='secret')
        self.driver.probe(self.soon())
        self.assertBlocks(self.discover())
