# SPDX-License-Identifier: Apache-2.0
"""Clients that others wrote read the simulator, where they are installed.

rsd-lib 1.2.0 knows nodes only together with sushy before 3.0.
"""

from __future__ import annotations

import importlib
import inspect
import os
import shutil
import subprocess
import sys
import time
import unittest
import warnings

LOGIN = ('admin', 'secret')


def library(name: str):
    """A library; the test is skipped where it cannot be imported."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            return importlib.import_module(name)
        except ImportError as error:
            raise unittest.SkipTest(f'{name}: {error}') from None


class ClientsTestCase(unittest.TestCase):
    def start(self, *arguments: str) -> str:
        """A simulator in a process of its own; its URL without the path."""
        process = subprocess.Popen(
            [
                *(sys.executable, '-m', 'valence_simulator'),
                *('--username', LOGIN[0], '--password', LOGIN[1]),
                *('--compose-seconds', '0', '--systems', '4', *arguments),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        return line.rsplit(' ', 1)[1].strip().removesuffix('/redfish/v1')

    def sushy(self, url: str):
        """A client that is logged out before its simulator ends.

        Left to itself it logs out when it is collected, and then tries for
        half a minute to reach what is gone, in the middle of another test.
        """
        sushy = library('sushy')
        auth = library('sushy.auth').SessionOrBasicAuth(*LOGIN)
        root = sushy.Sushy(url, auth=auth)
        self.addCleanup(auth.close)
        return root

    def test_sushy(self):
        root = self.sushy(self.start())
        systems = root.get_system_collection().get_members()
        self.assertEqual(
            [16, 64, 16, 256], [s.memory_summary.size_gib for s in systems]
        )
        self.assertEqual(2, len(systems[3].ethernet_interfaces.summary))
        self.assertEqual(8, len(root.get_chassis_collection().get_members()))
        systems[0].reset_system(library('sushy').RESET_ON)
        systems[0].refresh(force=True)
        self.assertEqual('On', systems[0].json['PowerState'])

    def test_sushy_reads_composed_systems(self):
        url = self.start('--personality', 'redfish', '--expandable', '2')
        root = self.sushy(url)
        systems = root.get_system_collection().get_members()
        self.assertEqual(
            [16, 64], [s.memory_summary.size_gib for s in systems]
        )
        self.assertEqual(
            'CompositionService', root.get_composition_service().identity
        )

    def test_rsd_lib(self):
        main = library('rsd_lib.main')
        for version in ('2.1', '2.2', '2.3', '2.4'):
            with self.subTest(version):
                url = self.start('--rsd-version', version)
                rsd = main.RSDLib(f'{url}/redfish/v1', *LOGIN).factory()
                systems = rsd.get_system_collection().get_members()
                cores = [
                    p.total_cores for p in systems[1].processors.get_members()
                ]
                self.assertEqual([12, 12], cores)
                self.assertEqual(
                    'Pod',
                    rsd.get_chassis_collection().get_members()[0].chassis_type,
                )

    def test_rsd_lib_composes(self):
        main = library('rsd_lib.main')
        node_class = library('rsd_lib.resources.v2_3.node.node').Node
        sushy = library('sushy.resources.base').ResourceBase
        if (
            'json_doc' in inspect.signature(sushy.refresh).parameters
            and 'json_doc'
            not in inspect.signature(node_class.refresh).parameters
        ):
            self.skipTest('rsd-lib 1.2.0 needs sushy before 3.0 for nodes')
        url = self.start()
        rsd = main.RSDLib(f'{url}/redfish/v1', *LOGIN).factory()
        uri = rsd.get_node_collection().compose_node(name='x')
        node = rsd.get_node(uri)
        time.sleep(0.1)
        node.refresh()
        node.assemble_node()
        time.sleep(0.1)
        node.refresh()
        self.assertEqual('assembled', node.composed_node_state.lower())
        node.attach_endpoint(node.get_allowed_attach_endpoints()[0])
        node.delete_node()

    def test_redfish_library(self):
        redfish = library('redfish')
        for personality in ('rsd', 'redfish'):
            with self.subTest(personality):
                url = self.start('--personality', personality)
                client = redfish.redfish_client(
                    base_url=url, username=LOGIN[0], password=LOGIN[1]
                )
                client.login(auth='session')
                chassis = client.get('/redfish/v1/Chassis')
                self.assertEqual(8, chassis.dict['Members@odata.count'])
                client.logout()

    def test_redfishtool(self):
        beside = os.path.join(os.path.dirname(sys.executable), 'redfishtool')
        path = (
            beside if os.path.exists(beside) else shutil.which('redfishtool')
        )
        if path is None:
            self.skipTest('redfishtool is not installed')
        host = self.start().split('//')[1]
        done = subprocess.run(
            [
                *(path, '-r', host, '-u', LOGIN[0], '-p', LOGIN[1]),
                *('-S', 'Never', 'Systems', 'list'),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertIn('system-1', done.stdout, done.stderr)

    def test_redfish_utilities(self):
        directory = os.path.dirname(sys.executable)
        if not os.path.exists(os.path.join(directory, 'rf_accounts.py')):
            self.skipTest('redfish-utilities are not installed')
        for personality in ('rsd', 'redfish'):
            url = self.start('--personality', personality)
            for words, expected in (
                (('rf_sys_inventory.py',), 'Simulated pod'),
                (('rf_accounts.py',), LOGIN[0]),
                (('rf_event_service.py', 'info'), 'No subscriptions'),
            ):
                name, *more = words
                done = subprocess.run(
                    [
                        *(os.path.join(directory, name), '-r', url),
                        *('-u', LOGIN[0], '-p', LOGIN[1], *more),
                    ],
                    capture_output=True,
                    text=True,
                    timeout=60,
                )
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                self.assertIn(expected, done.stdout)
