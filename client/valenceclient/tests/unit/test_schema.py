# SPDX-License-Identifier: Apache-2.0
import unittest

from valenceclient import schema
from valenceclient.v1 import resources


class Schema(unittest.TestCase):
    def test_unknown_path_has_no_options(self):
        self.assertEqual({'properties': {}}, schema.body('post', 'nowhere'))
        self.assertEqual({}, schema.parameters('get', 'nowhere'))

    def test_bodies_have_no_references(self):
        for path, operations in schema.document()['paths'].items():
            for method in operations.keys() - {'parameters'}:
                body = schema.body(method, path.removeprefix('/v1/'))
                self.assertNotIn('$ref', repr(body), (method, path))

    def test_what_is_said_of_a_reference_remains(self):
        body = schema.body('post', 'flavors')['properties']['properties']
        self.assertEqual('Hardware requirements.', body['description'])
        processor = body['properties']['processor']['properties']
        self.assertIn('min', processor['cores']['properties'])


class Resources(unittest.TestCase):
    def test_what_can_be_changed_can_be_committed(self):
        classes = {
            cls.base_path: cls
            for cls in vars(resources).values()
            if isinstance(cls, type) and getattr(cls, 'base_path', None)
        }
        for path, operations in schema.document()['paths'].items():
            collection = path.removesuffix('/{id}').removeprefix('/v1')
            if path.endswith('/{id}') and 'patch' in operations:
                if collection in classes:
                    self.assertTrue(
                        classes[collection].allow_commit, collection
                    )
