# SPDX-License-Identifier: Apache-2.0
"""What each kind of field takes in a request, and what it refuses."""

import datetime

from valence import objects
from valence.objects import fields
from valence.objects import pod_manager
from valence.tests import base

_TEXT = fields.StringField(doc='x', max_length=5)
_NAME = fields.NameField(doc='x', max_length=255)
_UUID = fields.UUIDField(doc='x')
_NUMBER = fields.IntegerField(doc='x', minimum=1)
_FLAG = fields.BooleanField(doc='x')
_ENUM = fields.EnumField(['one', 'two'], doc='x')
_OBJECT = fields.ObjectField(doc='x')
_LIST = fields.ListField(items={}, doc='x')
_NULLABLE = fields.StringField(doc='x', nullable=True)
_SOME_UUID = '11111111-2222-3333-4444-555555555555'


class TestValidate(base.TestCase):
    def test_taken(self):
        for field, value in (
            (_TEXT, ''),
            (_TEXT, 'abcde'),
            (_TEXT, 'ä' * 5),
            (_TEXT, '\U0001f600' * 5),
            (_NAME, 'rack 1, München'),
            (_NAME, 'x' * 255),
            (_UUID, _SOME_UUID),
            (_NUMBER, 1),
            (_NUMBER, 2**63 - 1),
            (_FLAG, False),
            (_ENUM, 'two'),
            (_OBJECT, {'a': [1, {'b': None}]}),
            (_LIST, []),
            (_NULLABLE, None),
        ):
            self.assertEqual(value, field.validate(value))

    def test_refused(self):
        for field, value, reason in (
            (_TEXT, None, 'null'),
            (_TEXT, 1, 'type string'),
            (_TEXT, True, 'type string'),
            (_TEXT, ['a'], 'type string'),
            (_TEXT, {}, 'type string'),
            (_TEXT, 'abcdef', 'at most 5 characters'),
            (_TEXT, 'a\0b', 'control characters'),
            (_TEXT, '\ud800', 'Unicode'),
            (_NAME, '', 'empty'),
            (_NAME, ' a', 'whitespace'),
            (_NAME, 'a\n', 'whitespace'),
            (_NAME, 'a\tb', 'printable'),
            (_NAME, 'a\u202eb', 'printable'),
            (_NAME, 'a/b', 'slash'),
            (_NAME, _SOME_UUID, 'UUID'),
            (_NAME, _SOME_UUID.replace('-', '').upper(), 'UUID'),
            (_NAME, f'{{{_SOME_UUID}}}', 'UUID'),
            (_UUID, 'abc', 'UUID'),
            (_UUID, '', 'UUID'),
            (_NUMBER, 0, 'at least 1'),
            (_NUMBER, '1', 'type integer'),
            (_NUMBER, 1.5, 'type integer'),
            (_NUMBER, True, 'type integer'),
            (_NUMBER, 2**63, '64 bits'),
            (_FLAG, 'true', 'type boolean'),
            (_FLAG, 1, 'type boolean'),
            (_ENUM, 'three', 'one, two'),
            (_ENUM, 1, 'type string'),
            (_OBJECT, [], 'type object'),
            (_OBJECT, '{}', 'type object'),
            (_LIST, {}, 'type array'),
        ):
            error = self.assertRaises(ValueError, field.validate, value)
            self.assertIn(reason, str(error), (field, value))

    def test_the_value_is_not_repeated(self):
        for value in (['s3cret'], 's3cret' * 300, 's3cret\0'):
            field = objects.PodManager.fields['password']
            error = self.assertRaises(ValueError, field.validate, value)
            self.assertNotIn('s3cret', str(error))

    def test_uuids_become_canonical(self):
        given = 'AAAAAAAA-2222-3333-4444-555555555555'
        self.assertEqual(given.lower(), str(_UUID.validate(given)).lower())


class TestFromText(base.TestCase):
    """Query parameters are text whatever they mean."""

    def test_taken(self):
        moment = fields.DateTimeField(doc='x', tzinfo_aware=False)
        for field, text, value in (
            (_NUMBER, '12', 12),
            (_FLAG, 'True', True),
            (_FLAG, 'false', False),
            (_ENUM, 'one', 'one'),
            (_NAME, 'a/b', 'a/b'),
            (
                moment,
                '2026-01-02T03:04:05+01:00',
                datetime.datetime(2026, 1, 2, 2, 4, 5),
            ),
        ):
            self.assertEqual(value, field.from_text(text))

    def test_refused(self):
        moment = fields.DateTimeField(doc='x', tzinfo_aware=False)
        for field, text in (
            (_NUMBER, ''),
            (_NUMBER, '-'),
            (_NUMBER, '--1'),
            (_NUMBER, '1.5'),
            (_NUMBER, '1-1'),
            (_NUMBER, '9' * 30),
            (_NUMBER, '9' * 5000),
            (_FLAG, 'yes'),
            (_ENUM, 'three'),
            (_UUID, 'abc'),
            (moment, 'yesterday'),
            (moment, '0001-01-01T00:00+23:59'),
        ):
            self.assertRaises(ValueError, field.from_text, text)


class TestUrl(base.TestCase):
    def test_taken(self):
        for url in (
            'http://podm',
            'https://podm.example.org:8443/redfish/v1',
            'http://127.0.0.1:1/',
            'http://[::1]:8443',
            'https://münchen.example',
        ):
            self.assertIsNone(pod_manager.check_url(url))

    def test_refused(self):
        for url in (
            '',
            'podm',
            '/redfish/v1',
            '//podm',
            'ftp://podm',
            'file:///etc/passwd',
            'javascript:alert(1)',
            'http://',
            'http:///path',
            'http://:80',
            'http://podm:port',
            'http://podm:65536',
            'http://[::1',
            'http://user@podm',
            'http://user:word@podm',
            'http://podm?a=b',
            'http://podm#a',
            'http://po dm',
            'http://podm\r\nX: y',
            'http://podm\x00',
        ):
            self.assertRaises(ValueError, pod_manager.check_url, url)


class TestSchema(base.TestCase):
    def test_fields_tell_their_limits(self):
        self.assertEqual(
            {
                'description': 'x',
                'type': ['integer', 'null'],
                'minimum': 1,
                'format': 'int64',
            },
            fields.IntegerField(doc='x', minimum=1, nullable=True).schema(),
        )
        self.assertEqual(['one', 'two'], _ENUM.schema()['enum'])
        self.assertEqual('uuid', _UUID.schema()['format'])
        password = objects.PodManager.fields['password'].schema()
        self.assertTrue(password['writeOnly'])
        self.assertEqual(1024, password['maxLength'])
