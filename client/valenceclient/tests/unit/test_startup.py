# SPDX-License-Identifier: Apache-2.0
"""What a command loads and reads before it does anything."""

import json
import subprocess
import sys
import unittest
from unittest import mock

from valenceclient.osc.v1 import pod_managers

_LOADED = """
import json, sys
import osc_lib.shell, openstack.connection, openstack.service_description
before = set(sys.modules)
import valenceclient.osc.plugin
print(json.dumps(sorted(set(sys.modules) - before)))
"""


class TestStartUp(unittest.TestCase):
    def test_the_plugin_loads_nothing_but_itself(self):
        done = subprocess.run(
            [sys.executable, '-c', _LOADED],
            check=True,
            capture_output=True,
            timeout=300,
        )
        for name in json.loads(done.stdout):
            self.assertEqual('valenceclient', name.partition('.')[0], name)
            # The commands and the API document are for those who use them.
            self.assertNotIn('valenceclient.osc.v1', name)
            self.assertNotIn('valenceclient.osc.base', name)

    def test_no_command_reads_the_metadata_of_all_packages(self):
        hook = mock.Mock()
        hook.obj.get_epilog.return_value = 'More.'
        command = pod_managers.List(mock.Mock(), None)
        command._hooks = [hook]
        with mock.patch(
            'cliff.command.packages_distributions', autospec=True
        ) as read:
            parser = command.get_parser('openstack valence podmanager list')
        read.assert_not_called()
        self.assertEqual('More.', parser.epilog)
