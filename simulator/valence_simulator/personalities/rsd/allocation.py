# SPDX-License-Identifier: Apache-2.0
"""The body of an Allocate request.

Structure and enumerations are those of AllocationComposedNodeRequest in
Intel's ComposedNodeCollection_v1.xml. The rules about VLANs and remote drives
are those that the pod manager checks additionally.
"""

from __future__ import annotations

from valence_simulator.protocol import errors

NUMBER = (int, float)
LINK = {'@odata.id': str}
PIN = {'Resource': LINK, 'Chassis': LINK}
BRANDS = {
    *('E3', 'E5', 'E7', 'X3', 'X5', 'X7', 'I3', 'I5', 'I7'),
    *('Silver', 'Gold', 'Platinum', 'Unknown'),
}
EXTENSIONS = {'Brand': BRANDS, 'Capabilities': [str]}

#: Properties: type, set of values, object ({}) or array ([]).
REQUEST = {
    'Name': str,
    'Description': str,
    'TotalSystemCoreCount': int,
    'TotalSystemMemoryMiB': int,
    'SupportedPerformanceConfigurations': [
        {'StaticSpeedSelect', 'PrioritizedBaseFrequency'}
    ],
    'Processors': [
        {
            **PIN,
            'Model': str,
            'TotalCores': int,
            'AchievableSpeedMHz': int,
            'InstructionSet': {
                *('x86', 'x86-64', 'IA-64', 'ARM-A32', 'ARM-A64'),
                *('MIPS32', 'MIPS64', 'OEM'),
            },
            'ProcessorType': {
                *('CPU', 'GPU', 'FPGA', 'DSP', 'Accelerator', 'OEM'),
            },
            'Connectivity': [{'Local', 'Ethernet', 'RemotePCIe'}],
            'Oem': {'Intel_RackScale': EXTENSIONS},
        }
    ],
    'Memory': [
        {
            **PIN,
            'CapacityMiB': int,
            'MemoryType': {
                *('DRAM', 'NVDIMM_N', 'NVDIMM_F', 'NVDIMM_P', 'IntelOptane'),
            },
            'MemoryDeviceType': str,
            'SpeedMHz': int,
            'Manufacturer': str,
            'DataWidthBits': int,
        }
    ],
    'LocalDrives': [
        {
            **PIN,
            'CapacityGiB': NUMBER,
            'Type': {'HDD', 'SSD'},
            'MinRPM': int,
            'SerialNumber': str,
            'Interface': {'SAS', 'SATA', 'NVMe'},
            'FabricSwitch': bool,
        }
    ],
    'RemoteDrives': [
        {
            'CapacityGiB': NUMBER,
            'Protocol': {'iSCSI', 'NVMeOverFabrics'},
            'Master': {'Type': {'Clone', 'Snapshot'}, 'Resource': LINK},
            'Resource': LINK,
        }
    ],
    'EthernetInterfaces': [
        {
            **PIN,
            'SpeedMbps': int,
            'PrimaryVLAN': int,
            'MACAddress': str,
            'VLANs': [{'VLANId': int, 'Tagged': bool, 'VLANEnable': bool}],
        }
    ],
    'Security': {
        'TpmPresent': bool,
        'TpmInterfaceType': {'TPM1_2', 'TPM2_0', 'TCM1_0'},
        'TxtEnabled': bool,
        'ClearTPMOnDelete': bool,
        'ClearOptaneDCPersistentMemoryOnDelete': bool,
        'PersistentMemoryOperationOnDelete': str,
    },
    'Oem': {},
}

#: VLAN IDs that switches reserve.
RESERVED_VLANS = {170, 4088, 4091, 4094}

#: The sets of properties that can specify a remote drive.
REMOTE_DRIVES = (
    {'Resource'},
    {'Resource', 'Protocol'},
    {'Master'},
    {'CapacityGiB', 'Protocol'},
    {'Master', 'Protocol'},
    {'Master', 'CapacityGiB'},
    {'Master', 'CapacityGiB', 'Protocol'},
)


def parse(body: dict, version: str) -> dict:
    """Return the request without nulls, which mean "no requirement".

    :param version: of the API; 2.1 differs slightly.
    :raises RedfishError: 400 with the invalid property.
    """
    shape = REQUEST
    if version == '2.1':
        processor = {**REQUEST['Processors'][0], **EXTENSIONS}
        shape = {**REQUEST, 'Processors': [processor]}
    requested = _checked('', body, shape)
    for n, nic in enumerate(requested.get('EthernetInterfaces', ())):
        _check_vlans(f'EthernetInterfaces/{n}', nic)
    for n, drive in enumerate(requested.get('RemoteDrives', ())):
        _check_remote_drive(f'RemoteDrives/{n}', drive)
    return requested


def _checked(path: str, value: object, shape: object) -> object:
    if isinstance(shape, dict):
        return _checked_object(path, value, shape)
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise errors.property_type(path, value)
        return [
            _checked(f'{path}/{n}', item, shape[0])
            for n, item in enumerate(value)
        ]
    if isinstance(shape, set):
        if not isinstance(value, str):
            raise errors.property_type(path, value)
        if value not in shape:
            raise errors.property_value(path, value)
        return value
    if not isinstance(value, shape) or (
        shape is not bool and isinstance(value, bool)
    ):
        raise errors.property_type(path, value)
    if shape in (int, NUMBER) and value < 0:
        raise errors.property_value(path, value)
    return value


def _checked_object(path: str, value: object, shape: dict) -> dict:
    if not isinstance(value, dict):
        raise errors.property_type(path, value)
    checked = {}
    for name, item in value.items():
        where = f'{path}/{name}' if path else name
        if name.startswith('@odata.') and name not in shape:
            continue
        if shape and name not in shape:
            raise errors.property_unknown(where)
        if item is not None:
            checked[name] = (
                _checked(where, item, shape[name]) if shape else item
            )
    if shape is LINK and '@odata.id' not in checked:
        raise errors.property_missing(f'{path}/@odata.id')
    return checked


def _check_vlans(path: str, nic: dict) -> None:
    vlans = nic.get('VLANs', [])
    for n, vlan in enumerate(vlans):
        if 'VLANId' not in vlan:
            raise errors.property_missing(f'{path}/VLANs/{n}/VLANId')
        number = vlan['VLANId']
        if not 1 <= number <= 4094 or number in RESERVED_VLANS:
            raise errors.property_value(f'{path}/VLANs/{n}/VLANId', number)
    ids = [vlan['VLANId'] for vlan in vlans]
    if len(set(ids)) < len(ids):
        raise errors.bad_request(
            'VLANs must differ in their VLANId.', f'/{path}/VLANs'
        )
    if sum(vlan.get('Tagged') is False for vlan in vlans) > 1:
        raise errors.bad_request(
            'At most one VLAN may be untagged.', f'/{path}/VLANs'
        )
    if 'PrimaryVLAN' in nic and vlans and nic['PrimaryVLAN'] not in ids:
        raise errors.property_value(f'{path}/PrimaryVLAN', nic['PrimaryVLAN'])


def _check_remote_drive(path: str, drive: dict) -> None:
    if set(drive) not in REMOTE_DRIVES:
        raise errors.bad_request(
            'A remote drive is requested by its Resource, by a Master, or '
            'by CapacityGiB and Protocol.',
            f'/{path}',
        )
    master = drive.get('Master')
    if master is not None:
        for name in ('Type', 'Resource'):
            if name not in master:
                raise errors.property_missing(f'{path}/Master/{name}')
        if drive.get('Protocol') == 'NVMeOverFabrics':
            raise errors.bad_request(
                'NVMeOverFabrics knows neither clones nor snapshots.',
                f'/{path}/Master',
            )
