# SPDX-License-Identifier: Apache-2.0
import unittest

from valenceclient import schema


class Schema(unittest.TestCase):
    def test_a_path_that_is_not_there_has_no_options(self):
        self.assertEqual({'properties': {}}, schema.body('post', 'nowhere'))
        self.assertEqual({}, schema.parameters('get', 'nowhere'))
