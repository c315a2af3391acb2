# SPDX-License-Identifier: Apache-2.0
"""Sessions as odd as were seen."""

import fixtures

from valence.common import exception
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
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
