# SPDX-License-Identifier: Apache-2.0
"""The valence-simulator command as a process of its own."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from valence_simulator import tls


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
                self.process.send_signal(signum)
                out, err = self.process.communicate(timeout=30)
                self.assertEqual(
                    (0, '', ''), (self.process.returncode, out, err)
                )

    def test_port_in_use(self):
        port = self.url.split(':')[2].split('/')[0]
        second = start('--port', port)
        _, err = second.communicate(timeout=60)
        self.assertEqual(1, second.returncode)
        self.assertIn('address already in use', err)
        self.assertNotIn('Traceback', err)

    def test_tls(self):
        with tempfile.NamedTemporaryFile(suffix='.pem') as file:
            file.write(tls.self_signed('127.0.0.1'))
            file.flush()
            process = start('--tls-cert', file.name, '--systems', '1')
            self.addCleanup(process.communicate)
            self.addCleanup(process.kill)
            url = process.stdout.readline().rsplit(' ', 1)[1].strip()
            trusting = ssl.create_default_context(cafile=file.name)
            with urllib.request.urlopen(url, context=trusting) as answer:
                self.assertEqual('v1', json.load(answer)['Id'])
        own = start('--tls', '--systems', '1')
        self.addCleanup(own.communicate)
        self.addCleanup(own.kill)
        url = own.stdout.readline().rsplit(' ', 1)[1].strip()
        with self.assertRaisesRegex(OSError, 'CERTIFICATE_VERIFY_FAILED'):
            urllib.request.urlopen(url)

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
