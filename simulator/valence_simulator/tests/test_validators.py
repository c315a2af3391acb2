# SPDX-License-Identifier: Apache-2.0
"""DMTF's own validators look at the simulator, offline.

They are on PyPI (redfish-service-validator, redfish-protocol-validator); the
schemas are not: VALENCE_SIMULATOR_SCHEMAS names a directory that has DMTF's
CSDL files in dmtf-csdl-2025.4/ and Intel's in rsd/csdl-2.5-rsd-only/. What
is missing skips the tests, and says so.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from typing import NoReturn

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
SCHEMAS = pathlib.Path(
    os.environ.get(
        'VALENCE_SIMULATOR_SCHEMAS', REPOSITORY.parent / 'shared' / 'data'
    )
)
CSDL = ('dmtf-csdl-2025.4', 'rsd/csdl-2.5-rsd-only')
LOGIN = ('admin', 'secret')

#: FAILs that must be, because the pod manager is that way, each with the
#: fact that demands it.
RSD_PROTOCOL = {
    # "No ETag / If-Match anywhere in the PODM."
    'PROTO_ETAG_ON_GET_ACCOUNT',
    'RESP_HEADERS_ETAG',
}
RSD_NODE = {
    # The node links to one system, not to an array of them, and that is
    # how rsd-lib and the pod manager's own code have it.
    '/Links/ComputerSystem: Property Type Error: The property '
    "'ComputerSystem' is expected to be an array, but did not find an array.",
    # Intel's schema of the node names a type that DMTF's 2025.4 has moved.
    '/PowerState: Schema Error: Unable to locate the schema definition for '
    "the 'ComputerSystem.v1_0_0.PowerState' type.",
}


def tool(name: str) -> str:
    """The path of a validator; the test is skipped if there is none."""
    beside = os.path.join(os.path.dirname(sys.executable), name)
    path = beside if os.path.exists(beside) else shutil.which(name)
    if path is None:
        lack(f'{name} is not installed')
    return path


def lack(what: str) -> NoReturn:
    """Skip the test; where nothing may be skipped silently, fail it."""
    if os.environ.get('VALENCE_TEST_ALL'):
        raise AssertionError(what)
    raise unittest.SkipTest(what)


def schemas(directory: pathlib.Path) -> None:
    """Put links to all schema files into one directory."""
    for name in CSDL:
        files = list((SCHEMAS / name).glob('*.xml'))
        if not files and SCHEMAS.exists():
            lack(f'no schemas in {SCHEMAS / name}')
        if not files:
            raise unittest.SkipTest(f'there is no {SCHEMAS}')
        for file in files:
            (directory / file.name).symlink_to(file)


class ValidatorsTestCase(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def start(self, *arguments: str) -> str:
        """A simulator in a process of its own; its URL without the path."""
        process = subprocess.Popen(
            [
                *(sys.executable, '-m', 'valence_simulator'),
                *('--username', LOGIN[0], '--password', LOGIN[1]),
                *('--seed', 'v', '--compose-seconds', '0', *arguments),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        return line.rsplit(' ', 1)[1].strip().removesuffix('/redfish/v1')

    def post(self, url: str, path: str, body: dict) -> None:
        """A POST under a Basic login."""
        manager = urllib.request.HTTPPasswordMgrWithPriorAuth()
        manager.add_password(None, url, *LOGIN, is_authenticated=True)
        opener = urllib.request.build_opener(
            urllib.request.HTTPBasicAuthHandler(manager)
        )
        request = urllib.request.Request(
            url + path,
            json.dumps(body).encode(),
            {'Content-Type': 'application/json'},
        )
        with opener.open(request) as answer:
            self.assertLess(answer.status, 300)

    def run_tool(self, name: str, url: str, *arguments: str) -> str:
        environment = {
            key: value
            for key, value in os.environ.items()
            if key not in ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE')
        }
        done = subprocess.run(
            [
                *(tool(name), '-r', url, '-u', LOGIN[0], '-p', LOGIN[1]),
                *arguments,
            ],
            cwd=self.directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return done.stdout + done.stderr

    def service_failures(self, url: str) -> set[str]:
        """What the service validator does not like."""
        tool('rf_service_validator')
        (self.directory / 'schemas').mkdir()
        schemas(self.directory / 'schemas')
        output = self.run_tool(
            'rf_service_validator',
            url,
            *('--authtype', 'Session', '--skipschema'),
            *('--schema_directory', 'schemas', '--logdir', 'out'),
        )
        logs = list(self.directory.glob('out/**/*Debug*.log'))
        self.assertTrue(logs, output)
        text = re.sub(r'\x1b\[[0-9;]*m', '', logs[0].read_text())
        self.assertIn('Validating /redfish/v1/Systems', text)
        return set(
            re.sub(r' \(.*?\): ', ': ', failure, count=1)
            for failure in re.findall(r'ERROR - FAIL - (.*)', text)
        )

    def protocol_failures(self, url: str) -> set[str]:
        """The assertions that the protocol validator finds violated."""
        output = self.run_tool(
            'rf_protocol_validator',
            url,
            *('--no-cert-check', '--avoid-http-redirect'),
            *('--report-dir', 'out'),
        )
        results = self.directory / 'out' / 'results.json'
        self.assertTrue(results.exists(), output)
        (tsv,) = self.directory.glob('out/*.tsv')
        rows = [line.split('\t') for line in tsv.read_text().splitlines()]
        self.assertGreater(sum('PASS' in row for row in rows), 100)
        return {row[0] for row in rows if 'FAIL' in row}

    def test_service_rsd(self):
        url = self.start('--systems', '2')
        self.post(
            url,
            '/redfish/v1/EventService/Subscriptions',
            {'Destination': 'http://127.0.0.1:9/', 'Protocol': 'Redfish'},
        )
        self.assertEqual(set(), self.service_failures(url))

    def test_service_rsd_with_a_node(self):
        url = self.start('--systems', '2')
        self.post(url, '/redfish/v1/Nodes/Actions/Allocate', {})
        self.assertEqual(RSD_NODE, self.service_failures(url))

    def test_service_redfish(self):
        url = self.start(
            '--personality', 'redfish', '--systems', '5', '--expandable', '1'
        )
        blocks = '/redfish/v1/CompositionService/ResourceBlocks'
        self.post(
            url,
            '/redfish/v1/Systems',
            {
                'Name': 'composed',
                'Links': {
                    'ResourceBlocks': [
                        {'@odata.id': f'{blocks}/compute-4'},
                        {'@odata.id': f'{blocks}/storage-4-1'},
                    ]
                },
            },
        )
        self.post(
            url,
            '/redfish/v1/EventService/Subscriptions',
            {'Destination': 'http://127.0.0.1:9/', 'Protocol': 'Redfish'},
        )
        self.assertEqual(set(), self.service_failures(url))

    def test_protocol_rsd(self):
        url = self.start('--systems', '1', '--tls')
        self.assertEqual(RSD_PROTOCOL, self.protocol_failures(url))

    def test_protocol_redfish(self):
        url = self.start('--personality', 'redfish', '--systems', '1', '--tls')
        self.assertEqual(set(), self.protocol_failures(url))
