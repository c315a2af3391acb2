# SPDX-License-Identifier: Apache-2.0
import unittest

from valenceclient import schema
from valenceclient.v1 import resources


class Schema(unittest.TestCase):
    def test_unknown_path_has_no_options(self):
        self.assertEqual({'properties': {}}, schema.body('post', 'nowhere'))
        self.assertEqual({}, schema.parameters('get', 'nowhere'))


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
