# SPDX-License-Identifier: Apache-2.0
"""What network interfaces are connected to, as services show it."""

from valence.tests.contract import test_odd_values
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link

_MAC = '02:00:00:00:09:0a'
_SYSTEM = test_odd_values._SYSTEM
_ADAPTER = f'{ROOT}/Chassis/c/NetworkAdapters/1'
_SWITCH = f'{ROOT}/EthernetSwitches/1'
_PORT = f'{_SWITCH}/Ports/1'
_NAME = '45:74:68:31:2F:31'  # Eth1/1


class WiringTest(test_odd_values.SystemCase):
    def wiring(self):
        target = self.driver.management_target(_SYSTEM, self.soon())
        self.assertEqual((_MAC,), target.macs)
        return dict(target.wiring)

    def adapter(self, kind, body):
        """Show a port or function of an adapter."""
        self.show(
            'NetworkInterfaces', {'Links': {'NetworkAdapter': link(_ADAPTER)}}
        )
        self.pages[_ADAPTER] = {'Id': '1'}
        return self.show(kind, body, owner=_ADAPTER)[0]

    def received(self, **values):
        ethernet = {'AssociatedMACAddresses': [_MAC], 'LLDPReceive': values}
        self.adapter('Ports', {'Ethernet': ethernet})

    def test_what_a_port_received(self):
        self.show('EthernetInterfaces', {'MACAddress': _MAC})
        for port, kind, name in (
            (_NAME, 'IfName', 'Eth1/1'),
            (_NAME, None, 'Eth1/1'),
            ('Eth1/1', 'IfName', 'Eth1/1'),
            # It is no text.
            ('02:00:00:00:00:07', 'LocalAssign', '02:00:00:00:00:07'),
            (_NAME, 'MacAddr', _NAME),
        ):
            self.received(
                ChassisId='02-AA-BB-CC-DD-01',
                PortId=port,
                PortIdSubtype=kind,
                SystemName='tor1',
            )
            self.assertEqual(
                {
                    _MAC: {
                        'switch_id': '02:aa:bb:cc:dd:01',
                        'port_id': name,
                        'switch_info': 'tor1',
                    }
                },
                self.wiring(),
            )

    def test_what_is_not_understood_is_unknown(self):
        self.show('EthernetInterfaces', {'MACAddress': _MAC})
        self.assertEqual({}, self.wiring())
        for values in (
            {},
            {'ChassisId': '02:AA:BB:CC:DD:01'},
            {'PortId': _NAME},
            {'ChassisId': 'tor1', 'PortId': _NAME},
            {'ChassisId': ['x'], 'PortId': {}},
        ):
            self.received(**values)
            self.assertEqual({}, self.wiring())

    def test_what_cannot_be_read_is_unknown(self):
        self.show('EthernetInterfaces', {'MACAddress': _MAC})
        uri = self.adapter('Ports', {})
        self.pages[uri] = Reply(500)
        self.assertEqual({}, self.wiring())
        self.pages[_ADAPTER] = Reply(500)
        self.assertEqual({}, self.wiring())

    def test_whether_a_function_boots(self):
        self.show('EthernetInterfaces', {'MACAddress': _MAC})
        for mode, found in (
            ('PXE', {_MAC: {'pxe_enabled': True}}),
            ('Disabled', {_MAC: {'pxe_enabled': False}}),
            ('iSCSI', {}),
            (None, {}),
        ):
            self.adapter(
                'NetworkDeviceFunctions',
                {'Ethernet': {'MACAddress': _MAC}, 'BootMode': mode},
            )
            self.assertEqual(found, self.wiring())

    def neighbor(self, switch, **port):
        """Show an interface that links a port of a switch."""
        oem = {'Intel_RackScale': {'NeighborPort': link(_PORT)}}
        self.show(
            'EthernetInterfaces',
            {'MACAddress': _MAC, 'Links': {'Oem': oem}},
        )
        self.pages[_PORT] = {
            **link(_PORT),
            'Links': {'Switch': link(_SWITCH)},
            **port,
        }
        self.pages[_SWITCH] = {**link(_SWITCH), 'Name': 'tor1', **switch}
        return self.wiring()

    def test_a_port_that_rsd_links(self):
        found = self.neighbor({'SwitchId': '02AABBCCDD01'}, PortId='sw0p10')
        self.assertEqual(
            {
                _MAC: {
                    'switch_id': '02:aa:bb:cc:dd:01',
                    'port_id': 'sw0p10',
                    'switch_info': 'tor1',
                }
            },
            found,
        )

    def test_a_switch_that_is_no_mac_address(self):
        switch = {'SwitchId': 'unique switch id'}
        self.assertEqual({}, self.neighbor(switch, PortId='sw0p10'))

    def test_a_port_that_is_gone(self):
        self.neighbor({'SwitchId': _MAC}, PortId='1')
        del self.pages[_PORT]
        self.assertEqual({}, self.wiring())
