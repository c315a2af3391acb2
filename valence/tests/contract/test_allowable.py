# SPDX-License-Identifier: Apache-2.0
"""Where Redfish services list what they allow for a system."""

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract import odd
from valence.tests.contract import test_outcomes
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link

_SYSTEM = f'{SYSTEMS}/1'
_INFO = f'{_SYSTEM}/ResetActionInfo'
_SETTINGS = f'{_SYSTEM}/Settings'
_TARGETS = 'BootSourceOverrideTarget@Redfish.AllowableValues'
_MODES = 'BootSourceOverrideMode@Redfish.AllowableValues'
_UNKNOWN = {'reset_types': None, 'boot_targets': None, 'boot_modes': None}


class AllowableTestCase(odd.OddCase):
    def setUp(self):
        super().setUp()
        self.service.made(
            {
                'Name': 'n',
                'Links': {
                    'ResourceBlocks': [
                        link(f'{odd.BLOCKS}/host'),
                        link(f'{odd.BLOCKS}/disk'),
                    ]
                },
            }
        )
        self.system = self.pages[_SYSTEM]

    def offer(self, **reset):
        target = f'{_SYSTEM}/Actions/ComputerSystem.Reset'
        self.system['Actions'] = {
            '#ComputerSystem.Reset': {'target': target, **reset}
        }

    def info(self, *parameters):
        """Have the ActionInfo, which the action links, list these."""
        self.offer(**{'@Redfish.ActionInfo': _INFO})
        self.pages[_INFO] = {**link(_INFO), 'Parameters': list(parameters)}

    def settings(self, **boot):
        """Have a settings object with this Boot."""
        self.system['@Redfish.Settings'] = {'SettingsObject': link(_SETTINGS)}
        self.pages[_SETTINGS] = {**link(_SETTINGS), 'Boot': boot}

    def assertAllowed(self, **values):
        """Every way to read the node shows these values."""
        expected = {**_UNKNOWN, **values}
        node = self.driver.read_node(_SYSTEM, self.soon())
        self.assertEqual(expected, node.allowable)
        for seen in (
            self.discover(),
            self.driver.refresh([_SYSTEM], self.soon()),
        ):
            self.assertEqual([expected], [n.allowable for n in seen.nodes])

    def test_no_values_listed(self):
        self.assertAllowed()
        self.offer()
        self.system['Boot'] = None
        self.assertAllowed()

    def test_the_system_lists_it(self):
        self.offer(**{'ResetType@Redfish.AllowableValues': ['On', 'Nmi']})
        self.system['Boot'] = {_TARGETS: ['Pxe'], _MODES: []}
        self.settings(**{_TARGETS: ['Hdd']})
        self.assertAllowed(
            reset_types=['On', 'Nmi'], boot_targets=['Pxe'], boot_modes=[]
        )
        # Nothing else is read for that.
        self.assertNotIn(f'GET {_SETTINGS}', self.service.asked)

    def test_other_resources_list_it(self):
        self.info(
            {'Name': 'Delay', 'AllowableValues': ['1']},
            {'Name': 'ResetType', 'AllowableValues': ['On']},
        )
        self.settings(**{_TARGETS: ['Pxe', 'Cd'], _MODES: ['UEFI']})
        self.assertAllowed(
            reset_types=['On'], boot_targets=['Pxe', 'Cd'], boot_modes=['UEFI']
        )

    def test_the_settings_are_checked_before_sending(self):
        self.settings(**{_TARGETS: ['Pxe', 'Cd']})
        self.system['Boot'] = {}
        failure = self.assertRaises(
            exception.RequestRejected,
            self.driver.set_boot,
            _SYSTEM,
            BootOverride('Once', 'Hdd'),
            self.soon(),
            podmanagers.Progress(),
        )
        self.assertIn('Hdd is not one of Pxe, Cd', str(failure))
        self.assertFalse([a for a in self.service.asked if 'PATCH' in a])

    def test_unreadable_resource_hides_only_its_values(self):
        self.info()
        self.settings()
        self.system['Boot'] = {_MODES: ['UEFI']}
        for reply in (
            Reply(404),
            Reply(500),
            Reply(503),
            Reply(200, b'<html>'),
            {'Parameters': 5, 'Boot': [7]},
        ):
            self.pages[_INFO] = self.pages[_SETTINGS] = reply
            with self.subTest(reply=reply):
                self.assertAllowed(boot_modes=['UEFI'])

    def test_values_that_are_no_names(self):
        self.offer(**{'ResetType@Redfish.AllowableValues': 'On'})
        self.system['Boot'] = {
            _TARGETS: [None, 'Pxe', 7, 'x' * 65, 'Pxe', ''],
            _MODES: [{}, 3],
        }
        self.assertAllowed(boot_targets=['Pxe'])


class RedfishAllowableTestCase(test_outcomes.OutcomesCase):
    """What a simulator lists is shown, however the node is read."""

    arguments = ()

    def test_allowable_values(self):
        allowed = {
            'reset_types': ['On', 'ForceOff', 'Suspend'],
            'boot_targets': ['None', 'UefiShell'],
            'boot_modes': ['UEFI'],
        }
        self.let(**allowed)
        found = self.driver.read_node(self.uri, self.soon())
        self.assertEqual(allowed, found.allowable)
        for seen in (
            self.driver.discover(self.soon()).nodes,
            self.driver.refresh([self.uri], self.soon()).nodes,
            self.driver.list_nodes(self.soon()),
        ):
            (node,) = (node for node in seen if node.uri == self.uri)
            self.assertEqual(allowed, node.allowable)


class RsdAllowableTestCase(RedfishAllowableTestCase):
    driver_class = RSD
    personality = 'rsd'
