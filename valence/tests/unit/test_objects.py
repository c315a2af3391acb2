# SPDX-License-Identifier: Apache-2.0
"""Versioned objects, and the tables that have their fields."""

import sqlalchemy as sa

from valence import objects
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types
from valence.objects import fields
from valence.tests import base

# Columns of ours that no object knows: storage's business.
_STORAGE = {'uri_hash', 'count_uuid'}


class TestParity(base.TestCase):
    """Objects and tables have the same fields, as wide, as often null."""

    def _pairs(self):
        for cls in objects.ALL:
            columns = models.BY_RESOURCE[cls.RESOURCE].__table__.columns
            for name, field in cls.fields.items():
                if name in columns:
                    yield f'{cls.__name__}.{name}', field, columns[name]

    def test_names(self):
        for cls in objects.ALL:
            model = models.BY_RESOURCE[cls.RESOURCE]
            attributes = {
                attribute.key for attribute in sa.inspect(model).column_attrs
            }
            self.assertEqual(
                set(cls.fields), attributes - _STORAGE, cls.__name__
            )

    def test_every_table_has_an_object(self):
        self.assertEqual(
            set(models.BY_RESOURCE), {cls.RESOURCE for cls in objects.ALL}
        )

    def test_nullability(self):
        for name, field, column in self._pairs():
            self.assertEqual(field.nullable, column.nullable, name)

    def test_lengths(self):
        for name, field, column in self._pairs():
            if field.secret or field.max_length is None:
                continue
            length = getattr(column.type, 'length', None)
            if length is not None:
                self.assertEqual(field.max_length, length, name)

    def test_text_is_bounded(self):
        for name, field, column in self._pairs():
            if isinstance(field, fields.StringField) and field.api:
                self.assertIsNotNone(field.max_length, name)
            if isinstance(field, fields.EnumField):
                longest = max(map(len, field.valid_values))
                self.assertLessEqual(longest, column.type.length, name)

    def test_sort_keys_are_never_null(self):
        for name, field, column in self._pairs():
            if field.sort is not None:
                self.assertFalse(column.nullable, name)

    def test_filters_compare_text_byte_by_byte(self):
        for name, field, column in self._pairs():
            if isinstance(field, fields.EnumField | fields.UUIDField):
                continue
            if field.filter and field.json_type == 'string':
                if isinstance(field, fields.StringField):
                    self.assertIsInstance(column.type, types.Name, name)

    def test_paired_fields_are_filters(self):
        for cls in objects.ALL:
            for name, key in cls.pairs():
                self.assertIsNotNone(cls.fields[key], (cls, key))
                if name is not None:
                    self.assertTrue(cls.fields[name].filter, (cls, name))

    def test_every_field_says_what_it_is(self):
        for name, field, _ in self._pairs():
            self.assertTrue(field.doc.endswith(('.', '…')), name)
            self.assertEqual(field.doc, field.doc.strip(), name)
            self.assertLessEqual(set(field.api), set('cru'), name)
            self.assertGreaterEqual(field.since, 1, name)

    def test_secrets_are_never_shown(self):
        secret = [name for name, field, _ in self._pairs() if field.secret]
        self.assertIn('PodManager.password', secret)
        for name, field, _ in self._pairs():
            if field.secret:
                self.assertNotIn('r', field.api, name)
                self.assertFalse(field.filter, name)
                self.assertIsNone(field.sort, name)


class TestEvents(base.TestCase):
    def test_all_kinds_with_events_can_be_shown_and_filtered(self):
        kinds = {one.KIND for one in objects.ALL if one.EVENTFUL}
        self.assertEqual(
            {kind.replace(' ', '_') for kind in kinds},
            {*objects.Event.fields['resource_type'].values},
        )
