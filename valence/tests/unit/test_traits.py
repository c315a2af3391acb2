# SPDX-License-Identifier: Apache-2.0
"""Which traits hardware has, and who asks for them."""

from valence import traits
from valence.scheduler import fitting
from valence.tests import base
from valence.tests.unit import fitting_data

_CPU = {
    'manufacturer': 'Intel(R) Corporation',
    'model': 'Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz',
    'instruction_set': 'x86-64',
    'capabilities': ['avx512f', 'sse4_2', 'wonder'],
}
_GPU = {'type': 'gpu', 'manufacturer': 'NVIDIA', 'model': 'A100-PCIE-40GB'}


def _system(**more):
    return fitting_data.system(
        processors=[_CPU, _CPU],
        memory_modules=[{'type': 'DDR4'}],
        accelerators=[_GPU],
        drives=[fitting_data.drive(480)],
        tpm='TPM2_0',
        **more,
    )


class TestTraits(base.TestCase):
    def test_of_a_system(self):
        self.assertEqual(
            {
                'HW_ARCH_X86_64',
                'HW_CPU_X86_AVX512F',
                'HW_CPU_X86_SSE42',
                'CUSTOM_CPU_WONDER',
                'CUSTOM_CPU_INTEL_XEON_GOLD_6226R',
                'CUSTOM_MEMORY_DDR4',
                'CUSTOM_TPM_2_0',
                'CUSTOM_SSD',
                'CUSTOM_GPU',
                'CUSTOM_GPU_NVIDIA_A100_PCIE_40GB',
            },
            traits.of_system(_system()),
        )

    def test_of_other_architectures(self):
        cpu = {**_CPU, 'instruction_set': 'ARM-A64', 'capabilities': ['sve']}
        found = traits.of_system(fitting_data.system(processors=[cpu]))
        self.assertLessEqual({'HW_ARCH_AARCH64', 'CUSTOM_CPU_SVE'}, found)
        self.assertIn(
            'HW_ARCH_X86_64', traits.of_system(fitting_data.system())
        )

    def test_of_devices(self):
        for values, known in (
            (_GPU, {'CUSTOM_GPU', 'CUSTOM_GPU_NVIDIA_A100_PCIE_40GB'}),
            (
                {'type': 'drive', 'media_type': 'SSD', 'model': 'X 1'},
                {'CUSTOM_DRIVE', 'CUSTOM_SSD', 'CUSTOM_DRIVE_X_1'},
            ),
            ({'type': 'résumé'}, {'CUSTOM_R_SUM'}),
        ):
            device = fitting_data.device(**{'kind': values['type'], **values})
            self.assertEqual(known, traits.of_device(device))
        self.assertLessEqual(len(traits.custom('x' * 999)), 255)


class TestFitting(base.TestCase):
    def match(self, **wanted):
        return fitting_data.match({'traits': wanted}, _system()).shortage

    def test_of_the_system(self):
        avx, gpu = 'HW_CPU_X86_AVX512F', 'CUSTOM_GPU'
        self.assertIsNone(self.match(required=[avx, gpu]))
        self.assertIsNone(self.match(forbidden=['CUSTOM_FPGA']))
        self.assertIsNone(self.match(preferred=['CUSTOM_FPGA']))
        self.assertEqual(
            'lacks trait CUSTOM_FPGA',
            self.match(required=[avx, 'CUSTOM_FPGA']),
        )
        self.assertEqual(
            'has trait CUSTOM_GPU', self.match(forbidden=[gpu, 'CUSTOM_FPGA'])
        )

    def test_of_parts(self):
        t4 = fitting_data.device('gpu', manufacturer='NVIDIA', model='T4')
        part = {
            'type': 'gpu',
            'traits': {'required': ['CUSTOM_GPU_NVIDIA_T4']},
        }
        found = fitting_data.match({'pci_devices': [part]}, _system(), [t4])
        self.assertEqual((t4,), found.devices)
        found = fitting_data.match({'pci_devices': [part]}, _system())
        self.assertEqual(
            'lacks 1 PCI device, gpu, with CUSTOM_GPU_NVIDIA_T4',
            found.shortage,
        )
        part['traits'] = {'forbidden': ['CUSTOM_GPU_NVIDIA_T4']}
        found = fitting_data.match({'pci_devices': [part]}, None, [t4])
        self.assertIn('without CUSTOM_GPU_NVIDIA_T4', found.shortage)

    def test_nearest(self):
        wanted = {
            'required': ['CUSTOM_FPGA', 'CUSTOM_GPU'],
            'forbidden': ['CUSTOM_SSD'],
            'preferred': ['CUSTOM_FPGA'],
        }
        self.assertEqual(
            {
                'traits': {
                    'required': ['CUSTOM_GPU'],
                    'preferred': ['CUSTOM_FPGA'],
                }
            },
            fitting.nearest({'traits': wanted}, _system()),
        )
