# SPDX-License-Identifier: Apache-2.0
"""Boot overrides are written where they belong, and read back."""

from valence.common.identity import Mark
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import Progress
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract.test_outcomes import OutcomesCase

MARK = Mark('0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a', '0123456789ab')
_CRITICAL = {
    'TaskState': 'Completed',
    'TaskStatus': 'Critical',
    'Messages': ['The fan is broken.', 'Call for help.'],
}
_EXCEPTION = {**_CRITICAL, 'TaskState': 'Exception'}


class BootContract:
    """Where boot overrides are written, and what they leave out."""

    def boot(self):
        body = self.driver._client.get(self.uri, self.soon())
        return body['Boot']

    def test_the_settings_object(self):
        self.let(settings_object=True)
        override = BootOverride('Once', 'Pxe')
        self.assertEqual(
            'Immediate', self.changed('set_boot', self.uri, override)
        )
        self.assertEqual('Pxe', self.boot()['BootSourceOverrideTarget'])
        (sent,) = self.sent('PATCH', 'Settings')
        self.assertIn(sent['status'], (200, 202, 204))

    def test_the_mode(self):
        self.let(forget_boot_mode=True)
        for mode, expected in (
            (None, 'UEFI'),
            ('Legacy', 'Legacy'),
            (None, 'Legacy'),
            ('UEFI', 'UEFI'),
        ):
            for enabled in ('Once', 'Disabled'):
                self.changed(
                    'set_boot', self.uri, BootOverride(enabled, 'Pxe', mode)
                )
                self.assertEqual(
                    expected, self.boot()['BootSourceOverrideMode']
                )
        self.let(boot_modes=['UEFI'])
        with self.failure('Legacy', 'UEFI'):
            self.changed(
                'set_boot', self.uri, BootOverride('Once', 'Pxe', 'Legacy')
            )

    def test_the_uri_of_an_image(self):
        uri = 'http://192.0.2.1/image'
        override = BootOverride('Once', 'Pxe', http_boot_uri=uri)
        with self.failure('HttpBootUri'):
            self.changed('set_boot', self.uri, override)
        self.let(boot_targets=['None', 'Pxe', 'UefiHttp'])
        override = BootOverride('Once', 'UefiHttp', http_boot_uri=uri)
        self.changed('set_boot', self.uri, override)
        self.assertEqual(uri, self.boot()['HttpBootUri'])

    def test_an_override_that_changes_nothing(self):
        self.order('ignore', method='PATCH')
        going = self.assertRaises(
            Settling,
            self.driver.set_boot,
            self.uri,
            BootOverride('Once', 'Pxe'),
            self.soon(),
            Progress(),
        )
        self.assertIn(
            'BootSourceOverrideTarget is None, not Pxe', going.reason
        )


class RedfishBootTestCase(BootContract, OutcomesCase):
    arguments = ()

    def test_every_form_of_an_etag(self):
        for header in ('quoted', 'suffix', 'bare', 'missing'):
            for body in ('quoted', 'bare', 'missing', 'right'):
                if header == body == 'missing':
                    continue
                self.let(require_etag=True, etag_header=header, etag_body=body)
                for target in ('Pxe', 'Hdd'):
                    with self.subTest(header=header, body=body):
                        self.changed(
                            'set_boot', self.uri, BootOverride('Once', target)
                        )


class RsdBootTestCase(BootContract, OutcomesCase):
    driver_class = RSD
    personality = 'rsd'
    arguments = ()
