# SPDX-License-Identifier: Apache-2.0
"""The valence-simulator command as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import unittest
import urllib.request


def start(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, '-m', 'valence_simulator', *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class CommandTestCase(unittest.TestCase):
    def setUp(self):
        self.process = start('--port', '0', '--systems', '2')
        self.addCleanup(self.process.communicate)
        self.addCleanup(self.process.kill)
        self.line = self.process.stdout.readline()
        self.url = self.line.rsplit(' ', 1)[1].strip()

    def test_one_line_and_a_quick_end(self):
        self.assertRegex(
            self.line,
            r'^valence-simulator: rsd listening on '
            r'http://127\.0\.0\.1:\d+/redfish/v1\n$',
        )
        with urllib.request.urlopen(self.url) as answer:
            root = json.load(answer)
        self.assertEqual('v1', root['Id'])
        for signum in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signum):
                if signum == signal.SIGINT:
                    self.setUp()
                before = time.monotonic()
                self.process.send_signal(signum)
                out, err = self.process.communicate(timeout=5)
                self.assertEqual(
                    (0, '', ''), (self.process.returncode, out, err)
                )
                self.assertLess(time.monotonic() - before, 2)

    def test_port_in_use(self):
        port = self.url.split(':')[2].split('/')[0]
        second = start('--port', port)
        _, err = second.communicate(timeout=10)
        self.assertEqual(1, second.returncode)
        self.assertIn('address already in use', err)
        self.assertNotIn('Traceback', err)

    def test_identity_differs(self):
        other = start('--port', '0', '--systems', '2')
        self.addCleanup(other.communicate)
        self.addCleanup(other.kill)
        url = other.stdout.readline().rsplit(' ', 1)[1].strip()
        uuids = set()
        for root in (self.url, url):
            with urllib.request.urlopen(root) as answer:
                uuids.add(json.load(answer)['UUID'])
        self.assertEqual(2, len(uuids))
