# SPDX-License-Identifier: Apache-2.0
"""What ``make audit`` says, with a pip-audit that answers as told."""

import contextlib
import importlib.util
import io
import json
import pathlib

import fixtures as pyfixtures

from valence.tests import base

_FILE = pathlib.Path(__file__).parents[3] / 'tools' / 'audit.py'
_SOUND = {'name': 'sound', 'version': '1', 'vulns': []}
_FLAWED = {
    'name': 'flawed',
    'version': '2',
    'vulns': [{'id': 'CVE-1', 'fix_versions': ['3', '4']}],
}
_SKIPPED = {'name': 'other', 'skip_reason': 'not found'}
# The option before the name of the file is --output.
_PROGRAM = """#!/bin/sh
while [ "$1" != --output ]; do shift; done
{} > "$2"
"""


class TestAudit(base.TestCase):
    def audit(self, *answer, command=None):
        """The exit status, and what is printed."""
        spec = importlib.util.spec_from_file_location('audit', _FILE)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        directory = pathlib.Path(self.useFixture(pyfixtures.TempDir()).path)
        program = directory / 'bin' / 'pip-audit'
        program.parent.mkdir()
        text = json.dumps({'dependencies': answer})
        program.write_text(_PROGRAM.format(command or f"echo '{text}'"))
        program.chmod(0o755)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = module.main(directory)
        return status, printed.getvalue()

    def test_nothing_is_known(self):
        self.assertEqual(
            (
                0,
                '1 packages audited, 1 without advisories, '
                '0 known vulnerabilities\n',
            ),
            self.audit(_SOUND, _SKIPPED),
        )

    def test_vulnerabilities(self):
        status, printed = self.audit(_SOUND, _FLAWED)
        self.assertEqual(1, status)
        self.assertIn('flawed 2: CVE-1, fixed in 3, 4\n', printed)

    def test_nothing_was_audited(self):
        for answer, command in (((), 'false'), ((_SKIPPED,), None)):
            status, printed = self.audit(*answer, command=command)
            self.assertEqual(3, status)
            self.assertIn('Nothing was audited', printed)
