# SPDX-License-Identifier: Apache-2.0
"""One request on every kind of pod manager: the right models, or none."""

from valence.tests import base
from valence.tests import fixtures

_GPU = {'type': 'gpu', 'vendor': 'nvidia', 'model': ['A100', 'T4']}
_WANTED = {
    'processor': {
        'model': 'Xeon Gold 62*',
        'vendor': 'Intel',
        'instruction_set': 'x86-64',
        'cores': {'eq': [16, 24]},
        'speed_mhz': 2800,
    },
    'memory': {'speed_mhz': 2933, 'vendor': 'contoso', 'type': 'DDR4'},
    'storage': [{'type': 'SSD', 'interface': 'NVMe', 'capacity_gib': 900}],
    'pci_devices': [_GPU],
}
_KINDS = 'small', 'large', 'accelerated', 'medium', 'network'


class RequirementsTestCase(base.ConductorTestCase):
    """The hardware of all of them is the same."""

    def read(self, personality, *arguments):
        """Have a simulated pod manager be registered and read."""
        self.simulator = self.useFixture(
            fixtures.LocalSimulator(
                *('--personality', personality, '--systems', 5),
                *('--kinds', *_KINDS, '--compose-seconds', 0),
                *arguments,
            )
        )
        body = {'name': 'pod', 'url': self.simulator.url}
        self.client.post('/v1/pod_managers', body)
        self.conductor.look()
        self.conductor.settle()

    def refused(self, **properties):
        """Why no node can be composed."""
        node = self.compose('refused', 'failed', properties=properties)
        self.assertEqual([], node['systems'])
        self.done('DELETE', '/v1/nodes/refused')
        return node['last_error']

    def named(self):
        """A node gets the very drive that is named, or none."""
        drives = self.client.all('/v1/devices?type=drive&free=true')
        # Those that volumes are made of are not composed.
        *_, drive = (
            one for one in drives if '/pool-' not in one['resource_uri']
        )
        uuid, serial = drive['uuid'], drive['serial_number']
        wanted = {'storage': [{'serial': ['none', serial]}]}
        node = self.compose('s', properties=wanted)
        self.assertEqual([uuid], [one['uuid'] for one in node['devices']])
        self.assertIn(
            f'serial number none or {serial}', self.refused(**wanted)
        )
        self.done('DELETE', '/v1/nodes/s')
        return serial

    def assertRight(self, node):
        """A node has what was wanted."""
        (system,) = node['systems']
        cpus = {(cpu['model'], cpu['cores']) for cpu in system['processors']}
        self.assertEqual({('Xeon Gold 6242', 16)}, cpus)
        speeds = {one['speed_mhz'] for one in system['memory_modules']}
        self.assertEqual({2933}, speeds)
        parts = [*(system['accelerators'] or ()), *node['devices']]
        models = [one['model'] for one in parts if one['type'] == 'gpu']
        self.assertEqual(['T4'], models)

    def check(self):
        """It composes what was wanted, and refuses what there is not."""
        self.assertRight(self.compose('n', properties=_WANTED))
        # There is one such system.
        self.assertIn('Xeon Gold 62*', self.refused(**_WANTED))
        error = self.refused(pci_devices=[{**_GPU, 'model': 'A100'}])
        self.assertIn('A100', error)
        error = self.refused(processor={'model': {'eq': 'Xeon Gold'}})
        self.assertIn('not Xeon Gold', error)
        error = self.refused(security={'tpm': 'TPM1_2'})
        self.assertIn('not TPM1_2', error)
        self.done('DELETE', '/v1/nodes/n')

    def composed(self):
        """What was sent to compose nodes of constrained composition."""
        entries = self.simulator.ledger.entries
        return str([one.body for one in entries if one.method == 'POST'])

    def test_rsd(self):
        self.read('rsd')
        self.check()
        (pinned,) = [
            entry.body
            for entry in self.simulator.ledger.entries
            if entry.path.endswith('Allocate')
        ]
        self.assertIn('Memory', str(pinned))
        needs = {'firmware': {'boot_mode': 'uefi'}}
        self.compose('t', properties={'security': {'tpm': 'TPM2*'}, **needs})
        self.done('DELETE', '/v1/nodes/t')
        self.assertIn(
            'boot mode is Legacy or UEFI, not HTTP',
            self.refused(firmware={'boot_mode': 'HTTP'}),
        )
        self.named()

    def test_redfish_specific(self):
        self.read('redfish', '--compose-by', 'specific')
        self.check()
        # Resource blocks do not show what the system will allow.
        self.assertIn(
            'boot mode is unknown, not UEFI',
            self.refused(firmware={'boot_mode': 'UEFI'}),
        )
        self.named()

    def test_redfish_constrained(self):
        self.read(
            *('redfish', '--compose-by', 'constrained'),
            '--inline-capabilities',
        )
        self.check()
        # It is sent where it is required, and only there.
        self.assertNotIn('SerialNumber', self.composed())
        self.assertIn(f"'SerialNumber': '{self.named()}'", self.composed())

    def test_redfish_manifest(self):
        self.read('redfish', '--compose-by', 'manifest')
        self.check()

    def test_expether(self):
        """An ExpEther Manager knows nothing of processors and memory."""
        self.read('eem')
        self.assertIn(
            'CPU model is unknown, not Xeon Gold 62*', self.refused(**_WANTED)
        )
        self.assertIn('A100 or T4', self.refused(pci_devices=[_GPU]))
        error = self.refused(firmware={'boot_mode': 'UEFI'})
        self.assertIn('boot mode is unknown, not UEFI', error)
        gpu = {**_GPU, 'model': 'ExpEther GPU box'}
        node = self.compose('n', properties={'pci_devices': [gpu]})
        (box,) = node['devices']
        self.assertEqual(
            ('NVIDIA', 'ExpEther GPU box'), (box['manufacturer'], box['model'])
        )
