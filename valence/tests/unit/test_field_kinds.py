# SPDX-License-Identifier: Apache-2.0
"""The schema of each kind of field, and the values that it rejects."""

import datetime

from oslo_versionedobjects import fields as ovo_fields

from valence.objects import fields
from valence.tests import base

_SOME_UUID = '11111111-2222-3333-4444-555555555555'


class TestSpec(base.TestCase):
    def test_defaults(self):
        field = fields.StringField(doc='Text.')
        for name, value in (
            ('doc', 'Text.'),
            ('api', ''),
            ('since', 1),
            ('max_length', None),
            ('min_length', None),
            ('minimum', None),
            ('maximum', None),
            ('shape', False),
            ('format', None),
            ('filter', False),
            ('sort', None),
            ('refers', None),
            ('lists', True),
            ('audience', None),
            ('has_user_text', False),
            ('secret', False),
            ('nullable', False),
            ('default', ovo_fields.UnspecifiedDefault),
            ('default_value', None),
            ('optional', False),
        ):
            self.assertIs(value, getattr(field, name), name)

    def test_all_keywords(self):
        keywords = {
            'doc': 'Text.',
            'api': 'cru',
            'since': 3,
            'max_length': 7,
            'min_length': 4,
            'minimum': 2,
            'maximum': 9,
            'shape': ('x',),
            'format': 'uuid',
            'filter': True,
            'sort': ('state',),
            'refers': ('chassis', 'Chassis'),
            'lists': False,
            'audience': fields.Audience.ADMIN,
            'has_user_text': True,
            'secret': True,
            'nullable': True,
            'default': 'x',
            'default_value': 'x',
        }
        field = fields.StringField(
            **{k: v for k, v in keywords.items() if k != 'default_value'}
        )
        self.assertEqual(
            keywords, {name: getattr(field, name) for name in keywords}
        )

    def test_optional_fields(self):
        for more, optional in (
            ({}, False),
            ({'nullable': True}, True),
            ({'default': ''}, True),
            ({'default': None, 'nullable': True}, True),
        ):
            field = fields.StringField(doc='x', **more)
            self.assertIs(optional, field.optional, more)

    def test_order_of_audiences(self):
        audience = fields.Audience
        self.assertEqual(
            [audience.PROJECT, audience.SYSTEM, audience.ADMIN],
            sorted(audience),
        )


class TestRefusals(base.TestCase):
    """The texts are part of the API's answers."""

    def test_texts(self):
        name = fields.NameField(doc='x')
        blank = 'must not be empty, nor start or end with whitespace'
        for field, value, text in (
            (fields.StringField(doc='x'), None, 'must not be null'),
            (fields.StringField(doc='x'), 1, 'must be of type string'),
            (
                fields.StringField(doc='x', max_length=2),
                'abc',
                'must have at most 2 characters',
            ),
            (
                fields.StringField(doc='x', min_length=2),
                'a',
                'must have at least 2 characters',
            ),
            (name, '', blank),
            (name, ' a', blank),
            (name, 'a ', blank),
            (name, '/', 'must not contain a slash'),
            (name, 'a\x07b', 'must not contain control characters'),
            (name, 'a\u2028b', 'must contain printable characters only'),
            (name, '..', 'must not be . or ..'),
            (name, _SOME_UUID, 'must not look like a UUID'),
            (fields.UUIDField(doc='x'), 'x', 'must be a UUID'),
            (fields.IntegerField(doc='x', minimum=3), 2, 'must be at least 3'),
            (fields.IntegerField(doc='x'), 2**63, 'must fit 64 bits'),
            (fields.IntegerField(doc='x'), -(2**63) - 1, 'must fit 64 bits'),
            (
                fields.EnumField(['a', 'b'], doc='x'),
                'c',
                'must be one of: a, b',
            ),
        ):
            error = self.assertRaises(ValueError, field.validate, value)
            self.assertEqual(text, str(error))

    def test_texts_of_query_parameters(self):
        for field, value, text in (
            (fields.IntegerField(doc='x'), 'a', 'must be an integer'),
            (fields.IntegerField(doc='x'), 'X1', 'must be an integer'),
            (fields.BooleanField(doc='x'), 'yes', 'must be true or false'),
        ):
            error = self.assertRaises(ValueError, field.from_text, value)
            self.assertEqual(text, str(error))


class TestValues(base.TestCase):
    def test_limits_are_taken(self):
        for field, value in (
            (fields.StringField(doc='x', max_length=2), 'ab'),
            (fields.StringField(doc='x', min_length=2), 'ab'),
            (fields.IntegerField(doc='x', minimum=0), 0),
            (fields.IntegerField(doc='x'), -(2**63)),
            (fields.IntegerField(doc='x'), 2**63 - 1),
            (fields.BooleanField(doc='x'), True),
            (fields.StringField(doc='x', nullable=True), None),
        ):
            self.assertEqual(value, field.validate(value))

    def test_from_body(self):
        field = fields.DateTimeField(doc='x', tzinfo_aware=False)
        moment = datetime.datetime(2026, 1, 2, 3, 4, 5)
        self.assertEqual(moment, field.from_body('2026-01-02T03:04:05Z'))
        # A name that is looked up later is no UUID.
        field = fields.IntegerField(doc='x', refers=('flavor', 'Flavor'))
        self.assertEqual('large', field.from_body('large'))

    def test_from_text(self):
        moment = datetime.datetime(2026, 1, 2, 3, 4, 5)
        for field, text, value in (
            (fields.StringField(doc='x'), 'a', 'a'),
            (fields.IntegerField(doc='x'), '-12', -12),
            (fields.BooleanField(doc='x'), 'TRUE', True),
            (fields.BooleanField(doc='x'), 'False', False),
            (fields.NameField(doc='x'), '', ''),
            (fields.DateTimeField(doc='x'), '2026-01-02T03:04:05Z', moment),
        ):
            found = field.from_text(text)
            self.assertEqual(value, found)
            self.assertIs(type(value), type(found))

    def test_few_values(self):
        self.assertEqual(
            ('a', 'b'), fields.EnumField(['a', 'b'], doc='x').values
        )
        self.assertEqual((False, True), fields.BooleanField(doc='x').values)
        self.assertEqual((), fields.StringField(doc='x').values)

    def test_described(self):
        field = fields.DescribedField(doc='x', to_text=str.lower)
        self.assertEqual('a', field.convert('A'))

    def test_json_stays_as_it_is(self):
        for field, value in (
            (fields.ObjectField(doc='x'), {'a': [1, None]}),
            (fields.ListField(doc='x', items={}), [{'a': 1}]),
        ):
            self.assertIs(value, field.coerce(None, 'x', value))
            self.assertRaises(TypeError, field.coerce, None, 'x', [set()])
            self.assertEqual(value, field.validate(value))
        self.assertEqual(
            '{"a": [1]}', fields.ObjectField(doc='x').stringify({'a': [1]})
        )


_INTEGER = {'type': 'integer', 'format': 'int64'}
_TEXTS = {'type': 'array', 'items': {'type': 'string'}}


# Fields, and what their schemas contain but the description.
_SCHEMAS = (
    (fields.StringField(doc='x'), {'type': 'string'}),
    (
        fields.StringField(doc='x', max_length=7, nullable=True),
        {'type': ['string', 'null'], 'maxLength': 7},
    ),
    (
        fields.StringField(doc='x', min_length=7),
        {'type': 'string', 'minLength': 7},
    ),
    (
        fields.StringField(doc='x', secret=True),
        {'type': 'string', 'writeOnly': True},
    ),
    (
        fields.NameField(doc='x'),
        {'type': 'string', 'format': 'resource-name'},
    ),
    (
        fields.IntegerField(doc='x', minimum=0),
        _INTEGER | {'minimum': 0},
    ),
    (
        fields.IntegerField(doc='x', format='year'),
        {'type': 'integer', 'format': 'year'},
    ),
    (fields.BooleanField(doc='x'), {'type': 'boolean'}),
    (
        fields.UUIDField(doc='x'),
        {'type': 'string', 'format': 'uuid'},
    ),
    (
        fields.DateTimeField(doc='x'),
        {'type': 'string', 'format': 'date-time', 'maxLength': 64},
    ),
    (
        fields.EnumField(['a'], doc='x'),
        {'type': 'string', 'enum': ['a']},
    ),
    (
        fields.EnumField(['a'], doc='x', nullable=True),
        {'type': ['string', 'null'], 'enum': ['a', None]},
    ),
    (fields.JsonField(doc='x'), {}),
    (fields.ObjectField(doc='x'), {'type': 'object'}),
    (
        fields.ObjectField(
            doc='x', inner={'properties': {}, 'description': 'y'}
        ),
        {'type': 'object', 'properties': {}},
    ),
    (fields.ListField(doc='x', items={'type': 'string'}), _TEXTS),
    (
        fields.ListField(
            doc='x', items={'type': 'string'}, inner={'maxItems': 2}
        ),
        _TEXTS | {'maxItems': 2},
    ),
)


class TestSchemas(base.TestCase):
    def test_each_kind(self):
        for field, schema in _SCHEMAS:
            self.assertEqual({'description': 'x', **schema}, field.schema())
            self.assertEqual(field.schema(), field.input_schema())

    def test_reserved_names(self):
        field = fields.NameField(doc='x', reserved=('summary', 'all'))
        self.assertNotIn('not', field.schema())
        self.assertEqual(
            {**field.schema(), 'not': {'enum': ['summary', 'all']}},
            field.input_schema(),
        )

    def test_lists(self):
        field = fields.ListField(doc='x', items={'type': 'string'})
        self.assertEqual({'items': {'type': 'string'}}, field.inner)
        field = fields.ListField(
            doc='x', items={'type': 'string'}, inner={'maxItems': 2}
        )
        self.assertEqual(
            {'items': {'type': 'string'}, 'maxItems': 2}, field.inner
        )

    def test_times(self):
        self.assertRaisesRegex(
            ValueError,
            '^must be a time, such as 2030-01-31T12:00Z$',
            fields.DateTimeField(doc='x').from_text,
            'noon',
        )

    def test_references(self):
        expected = {
            'description': 'UUID or name of the pod manager.',
            'minLength': 1,
            'maxLength': 255,
        }
        for nullable, kind in ((False, 'string'), (True, ['string', 'null'])):
            field = fields.UUIDField(
                doc='x',
                refers=('pod_manager', 'PodManager'),
                nullable=nullable,
            )
            self.assertEqual(expected | {'type': kind}, field.input_schema())
        self.assertEqual(
            {**expected, 'description': 'y', 'type': 'string'},
            fields.reference_schema('y'),
        )


class TestErrorText(base.TestCase):
    def test_one_for_each_audience(self):
        made = fields.error_text('error', 'Why it failed.')
        self.assertEqual(['error', 'user_error'], list(made))
        full, user = made.values()
        self.assertEqual('Why it failed.', full.doc)
        self.assertTrue(user.doc.startswith('Why it failed, '))
        self.assertTrue(user.doc.endswith('.'))
        self.assertEqual(('r', ''), (full.api, user.api))
        self.assertEqual(
            (True, False), (full.has_user_text, user.has_user_text)
        )
        for field in (full, user):
            self.assertTrue(field.nullable)
            self.assertEqual(4096, field.max_length)
