# SPDX-License-Identifier: Apache-2.0
"""Boot overrides: what was requested is written where it belongs, and seen."""

from valence.common.identity import Mark
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract.test_outcomes import OutcomesCase

MARK = Mark('0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a', '0123456789ab')
_CRITICAL = {
    'TaskState': 'Completed',
    'TaskStatus': 'Critical',
    'Messages': ['The fan is broken.', 'Call for help.'],
}
_EXCEPTION = {**_CRITICAL, 'TaskState': 'Exception'}


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
