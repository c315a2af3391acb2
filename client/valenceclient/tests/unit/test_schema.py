# SPDX-License-Identifier: Apache-2.0
import unittest

from valenceclient import schema


class Schema(unittest.TestCase):
    def test_unknown_path_has_no_options(self):
        self.assertEqual({'properties': {}}, schema.body('post', 'nowhere'))
        self.assertEqual({}, schema.parameters('get', 'nowhere'))
