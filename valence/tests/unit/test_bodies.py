# SPDX-License-Identifier: Apache-2.0
"""One schema for each request body, which decides what is valid."""

import jsonschema

from valence import objects
from valence.api import routes
from valence.api.controllers.v1 import node_bodies
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.common import schemas
from valence.objects import fields
from valence.tests import base

_NODE = {'name': 'n'}


def _bodies():
    for path, _, controller, methods in routes.ROUTES:
        for verb in methods.values():
            body = getattr(controller, verb).spec.body
            if body is not None:
                yield path, controller.object, body


class TestSchemas(base.TestCase):
    def test_each_format_is_checked(self):
        known = set(schemas._FORMATS.checkers)
        for path, cls, body in _bodies():
            for name, field in body.accepted(cls, 1).items():
                if field.format is not None:
                    self.assertIn(field.format, known, (path, name))

    def test_each_body_is_closed_or_free(self):
        for path, cls, body in _bodies():
            schema = body.schema(cls, 1)
            jsonschema.Draft202012Validator.check_schema(schema)
            if schema['additionalProperties']:
                self.assertEqual({}, schema['properties'], path)

    def test_a_verb_adds_to_the_fields_of_the_object(self):
        schema = node_bodies.CREATE.schema(objects.Node, 1)
        self.assertEqual(['name'], schema['required'])
        for name in ('name', 'flavor', 'properties', 'affinity', 'register'):
            self.assertIn(name, schema['properties'])
        for name in ('uuid', 'flavor_uuid', 'provision_state'):
            self.assertNotIn(name, schema['properties'])
        schema = node_bodies.PREVIEW.schema(objects.Node, 1)
        self.assertNotIn('name', schema['properties'])
        self.assertNotIn('required', schema)

    def test_too_new(self):
        body = types.Body(
            added={'room': fields.StringField(doc='x', nullable=True, since=2)}
        )
        self.assertEqual({}, body.schema(None, 1)['properties'])
        self.assertIn('room', body.schema(None, 2)['properties'])
        self.assertRaises(
            exception.Invalid, body.parse, None, 1, {'room': 'r'}
        )
        self.assertEqual({'room': 'r'}, body.parse(None, 2, {'room': 'r'}))


class TestParse(base.TestCase):
    def parse(self, body, **given):
        return body.parse(objects.Node, 1, given)

    def test_accepted(self):
        for given in (
            {},
            {'flavor': 'small', 'properties': {}},
            {'flavor': None, 'properties': {'memory': {'type': 'DDR4'}}},
            {'resources': None, 'affinity': None, 'register': None},
            {'resources': ['s', 'd'], 'properties': {}, 'flavor': None},
            {'affinity': {'scope': 'rack', 'with': ['m']}},
            {'register': True},
            {'register': {'manage': True, 'traits': ['CUSTOM_A']}},
        ):
            body = {**_NODE, **given}
            self.assertEqual(body, self.parse(node_bodies.CREATE, **body))

    def test_rejected(self):
        for given, text in (
            ({'flavor': 'f', 'resources': ['s']}, 'both flavor and resources'),
            (
                {'flavor': 'f', 'properties': {'memory': {}}},
                'both flavor and properties',
            ),
            ({'resources': []}, 'field resources: must not be empty'),
            ({'resources': ['']}, 'field resources.0: must not be empty'),
            ({'resources': 's'}, 'must be of type array or null'),
            ({'resources': ['a\0']}, 'must not contain control characters'),
            ({'affinity': {}}, 'field affinity'),
            ({'affinity': {'scope': 'rack'}}, 'must have at least 2 fields'),
            (
                {'affinity': {'scope': 'room', 'with': ['m']}},
                'affinity.scope: must be one of: rack, pod_manager.',
            ),
            ({'register': 1}, 'must be of type boolean or object or null'),
            ({'register': {'manage': None}}, 'register.manage: must not be'),
            ({'register': {'traits': ['a']}}, 'field register.traits.0'),
            ({'register': {'traits': ['A\n']}}, 'field register.traits.0'),
            ({'register': {'colour': 1}}, 'register.colour: unknown field'),
            ({'uuid': 'x'}, 'field uuid: must not be set in this request'),
            ({'scope': 'x'}, 'field scope: unknown field'),
            (
                {'description': 5},
                'description: must be of type string or null',
            ),
        ):
            error = self.assertRaises(
                exception.Invalid,
                *(self.parse, node_bodies.CREATE),
                **{**_NODE, **given},
            )
            self.assertIn(text, str(error))

    def test_manage(self):
        good = {'name': 'n', 'pod_manager': 'p', 'resource_uri': '/Nodes/1'}
        self.assertEqual(good, self.parse(node_bodies.MANAGE, **good))
        for name in good:
            for value in (None, '', 1, 'x' * 3000):
                error = self.assertRaises(
                    exception.Invalid,
                    *(self.parse, node_bodies.MANAGE),
                    **{**good, name: value},
                )
                self.assertIn(f'field {name}: must', str(error))

    def test_earlier_names_of_actions(self):
        for old, params in (
            ('Reset', {'Type': 'On'}),
            ('Boot', {'Enabled': 'Once', 'Target': 'Pxe'}),
        ):
            for name in (old, old.lower()):
                self.assertEqual(
                    {old.lower(): params},
                    self.parse(node_bodies.ACTION, **{name: params}),
                )
        self.assertRaises(
            exception.ValenceException,
            *(self.parse, node_bodies.ACTION),
            **{'Reset': {'Type': 'On'}, 'reset': {'Type': 'On'}},
        )

    def test_fields_of_the_first_valence(self):
        for body, name, instead in (
            (node_bodies.CREATE, 'flavor_id', 'use flavor'),
            (node_bodies.CREATE, 'podm_id', 'use pod_manager'),
            (node_bodies.MANAGE, 'node_index', 'use resource_uri'),
        ):
            error = self.assertRaises(
                exception.Invalid, self.parse, body, **{name: 'x'}
            )
            self.assertIn(f'field {name}: unknown field', str(error))
            self.assertIn(instead, str(error))

    def test_one_action(self):
        for given in (
            {},
            {'Reset': {'Type': 'On'}, 'attach': {'resource_id': 'd'}},
        ):
            error = self.assertRaises(
                exception.InvalidBody,
                *(self.parse, node_bodies.ACTION),
                **given,
            )
            self.assertIn('Invalid request body: must', str(error))
