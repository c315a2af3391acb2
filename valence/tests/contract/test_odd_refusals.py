# SPDX-License-Identifier: Apache-2.0
"""Errors in every form that was seen: the whole message is reported."""

import json

from valence.common import exception
from valence.podmanagers.expether.driver import ExpEther
from valence.podmanagers.progress import Progress
from valence.tests.contract import odd
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link

_SEE = 'See @Message.ExtendedInfo for more information.'
_ARGS = {
    'MessageId': 'iLO.2.14.InvalidOperationForSystemState',
    'MessageArgs': ['Power is off'],
}
_WHAT = 'InvalidOperationForSystemState (Power is off)'


def error(*infos, **more):
    return {'error': {'@Message.ExtendedInfo': list(infos), **more}}


_FORMS = (
    (error(_ARGS, code='iLO.0.10.ExtendedInfo', message=_SEE), _WHAT),
    ({'error': {'@Message.ExtendedInfo': _ARGS}}, _WHAT),
    ({'@Message.ExtendedInfo': [_ARGS]}, _WHAT),
    ({'Messages': [{**_ARGS, 'MessageID': 'x.y'}]}, _WHAT),
    (error({**_ARGS, 'MessageArgs': None}), 'InvalidOperationForSystemState'),
    (
        error({'Message': 'It is %1.', 'MessageArgs': ['off']}),
        'It is off.',
    ),
    (
        error({'Message': 'No.', 'Resolution': 'Switch it on.'}),
        'No. Switch it on.',
    ),
    (error({'Message': 'No.', 'Resolution': 'None.'}), 'No.'),
    (error({'Message': 'One.'}, {'Message': 'Two.'}), 'One. Two.'),
    (error({'Message': 'One.'}, message='General.'), 'General. One.'),
    (error(message='General.'), 'General.'),
    (error(code='Base.1.0.PropertyUnknown'), 'PropertyUnknown'),
    (error(code='Base.1.0.GeneralError'), '400 Bad Request'),
    ({'error': 'No power.'}, 'No power.'),
    ({'message': 'No power.'}, 'No power.'),
    ({'Message': 'No power.', 'code': 7}, 'No power.'),
    ({'detail': 'No power.'}, 'No power.'),
    ({'errors': [{'title': 'a'}, {'detail': 'b'}]}, 'a b'),
    ({'error': {'error': {'message': 'No power.'}}}, 'No power.'),
    ({'fault': {'detail': 'No power.'}}, 'No power.'),
    ({'ErrorMessage': 'No power.'}, 'No power.'),
    ({'Result': {'MESSAGE': 'No power.'}}, 'No power.'),
    ({'UserName': 'a', 'Password': 'b'}, '400 Bad Request'),
    (b'<?xml version="1.0"?><error>No power.</error>', 'No power.'),
    (['No power.'], 'No power.'),
    ('No power.', 'No power.'),
    (b'No power.\r\n\x1b[31mNone.\0', 'No power. [31mNone.'),
    (
        b'<html><head><title>Error</title><style>p {}</style></head>'
        b'<body><h1>No &amp; never</h1>\n<p>It is off</p></body></html>',
        'No & never It is off',
    ),
    (b'\xff\xfe{', '{'),
    (b'', '400 Bad Request'),
    ({}, '400 Bad Request'),
    ({'error': {}}, '400 Bad Request'),
    ({'error': None}, '400 Bad Request'),
)


class RefusalsTestCase(odd.OddCase):
    def refused(self, status, body, content_type='application/json'):
        """The message when a reset is rejected."""
        uri, target = f'{SYSTEMS}/1', f'{SYSTEMS}/1/Actions/Reset'
        self.pages[uri] = {
            **link(uri),
            'Id': '1',
            'SystemType': 'Composed',
            'Actions': {'#ComputerSystem.Reset': {'target': target}},
        }
        self.pages[f'POST {target}'] = Reply(
            status, body, Content_Type=content_type
        )
        return str(
            self.assertRaises(
                exception.PodManagerError,
                self.driver.reset,
                uri,
                'ForceRestart',
                self.soon(),
                Progress(),
            )
        )

    def test_every_form(self):
        for kind in ('application/json', 'text/plain', 'text/html'):
            for body, words in _FORMS:
                shown = self.refused(400, body, kind)
                self.assertIn(words, shown, body)
                self.assertNotIn('ExtendedInfo', shown)
                self.assertTrue(shown.isprintable(), shown)

    def test_texts_without_end(self):
        for body in (
            {'message': 'x' * 10**6},
            b'y' * 10**6,
            b'<' * 10**6,
            b'<script' * 10**5,
            error(*[{'Message': f'{n} is off'} for n in range(10**4)]),
        ):
            self.assertLess(len(self.refused(400, body)), 1100)

    def test_statuses_in_words(self):
        for status, words in (
            (405, 'does not allow it (405 Method Not Allowed)'),
            (504, 'the service responded with 504 Gateway Timeout'),
            (500, 'the service responded with 500 Internal Server Error'),
            (418, "418 I'm a Teapot"),
            (407, '407 Proxy Authentication Required'),
            (599, 'status 599'),
            (403, 'access denied: 403 Forbidden'),
            (401, 'wrong user name or password: 401 Unauthorized'),
        ):
            shown = self.refused(status, b'')
            self.assertIn(words, shown)
            self.assertNotIn(f'{status}: status', shown)
            self.assertIn('No power', self.refused(status, 'No power'))
        shown = self.refused(404, error({'Message': 'No slot 3.'}))
        self.assertTrue(shown.endswith('does not exist: No slot 3.'), shown)


class EemRefusalsTestCase(odd.OddCase):
    def connect(self, path='', **login):
        super().connect(path, **login)
        self.driver = ExpEther(self.connection)
        self.addCleanup(self.driver.close)

    def refused(self, status, body):
        self.pages['/eem/devices/detail'] = Reply(status, body)
        return str(
            self.assertRaises(
                exception.PodManagerError, self.driver.discover, self.soon()
            )
        )

    def test_every_form(self):
        for body, words in _FORMS:
            if 'ExtendedInfo' in json.dumps(str(body)):
                continue
            if not isinstance(body, dict) or 'Messages' not in body:
                self.assertIn(
                    words if 'PropertyUnknown' not in words else '400',
                    self.refused(400, body),
                )

    def test_statuses_in_words(self):
        for status, words in (
            (405, 'does not allow it (405 Method Not Allowed)'),
            (504, 'responded with 504 Gateway Timeout'),
            (500, 'responded with 500 Internal Server Error'),
        ):
            shown = self.refused(status, b'')
            self.assertIn(words, shown)
            self.assertNotIn(f'{status}: ', shown)
