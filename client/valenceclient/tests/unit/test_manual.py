# SPDX-License-Identifier: Apache-2.0
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from importlib import metadata
from importlib import util

_SOURCE = pathlib.Path(__file__).parents[3] / 'doc' / 'source'


@unittest.skipUnless(
    _SOURCE.is_dir() and util.find_spec('sphinx'), 'no Sphinx, or no sources'
)
class Manual(unittest.TestCase):
    def test_the_manual_page_has_all_commands(self):
        with tempfile.TemporaryDirectory() as made:
            done = subprocess.run(
                [sys.executable, '-m', 'sphinx', '-W', '-q', '-b', 'man']
                + [str(_SOURCE), made],
                capture_output=True,
                text=True,
                timeout=600,
            )
            self.assertEqual(0, done.returncode, done.stderr)
            page = pathlib.Path(made) / 'openstack-valence.1'
            text = page.read_text(encoding='utf-8').replace('\\', '')
        headings = set(re.findall(r'^\.S[SH] (.*)$', text, re.MULTILINE))
        for point in metadata.entry_points(group='openstack.composable.v1'):
            command = point.name.replace('_', ' ')
            self.assertIn(command, {one.lower() for one in headings})
            self.assertIn(f'openstack {command}', text)
