# SPDX-License-Identifier: Apache-2.0
"""A Redfish system with all its parts, and what is recorded of it."""


def link(uri):
    return {'@odata.id': uri}


#: A system with all properties, and with parts of all kinds.
SYSTEM = {
    'Name': 'Sled 1',
    'UUID': 'u-1',
    'Manufacturer': 'Maker',
    'Model': 'M',
    'SerialNumber': 'S',
    'SystemType': 'Physical',
    'PowerState': 'Off',
    'Status': {'State': 'Enabled', 'Health': 'OK'},
    'Links': {'Chassis': [link('/c/1'), link('/c/2')]},
    'ProcessorSummary': {'Count': 2, 'Model': 'Xeon', 'CoreCount': 1},
    'MemorySummary': {'TotalSystemMemoryGiB': 1},
    'Boot': {
        'BootSourceOverrideMode': 'Legacy',
        'BootSourceOverrideMode@Redfish.AllowableValues': ['UEFI', 'Legacy'],
    },
    'TrustedModules': [
        {'InterfaceType': 'TPM1_2', 'Status': {'State': 'Absent'}},
        {'InterfaceType': 'TPM2_0'},
    ],
}
_CPU = {
    'ProcessorType': 'CPU',
    'Manufacturer': 'Intel',
    'Model': 'Xeon 1',
    'ProcessorArchitecture': 'x86',
    'InstructionSet': 'x86-64',
    'MaxSpeedMHz': 3000,
    'TotalCores': 8,
    'TotalThreads': 16,
    'Oem': {'Intel_RackScale': {'Capabilities': ['AVX2', 'sse', 7, None]}},
}
PARTS = {
    'Processors': [('/p/1', _CPU), ('/p/2', _CPU)],
    'Memory': [
        ('/m/1', {'CapacityMiB': 1024}),
        (
            '/m/2',
            {
                'CapacityMiB': 2048,
                'MemoryDeviceType': 'DDR4',
                'Manufacturer': 'Hynix',
                'OperatingSpeedMhz': 2400,
                'AllowedSpeedsMHz': [2400, 2933],
            },
        ),
        ('/m/3', {'CapacityMiB': 1, 'MemoryDeviceType': 'DDR5'}),
        ('/m/4', {'Status': {'State': 'Absent'}}),
    ],
    'EthernetInterfaces': [
        ('/n/1', {'MACAddress': '02:00:00:00:AA:BB', 'SpeedMbps': 1000}),
        ('/n/2', {'PermanentMACAddress': '02-00-00-00-CC-DD', 'SpeedMbps': 0}),
        ('/n/3', {}),
    ],
    'Drives': [
        (
            '/d/1',
            {
                'CapacityBytes': 100 * 2**30 + 1,
                'MediaType': 'SSD',
                'Type': 'not this',
                'Protocol': 'NVMe',
                'Interface': 'not this',
            },
        ),
        (
            '/d/2',
            {
                'CapacityGiB': 7,
                'Type': 'HDD',
                'Interface': 'SATA',
                'Manufacturer': 'Maker',
                'Model': 'D',
                'SerialNumber': 'S1',
                'RotationSpeedRPM': 7200,
            },
        ),
    ],
}


def _cpu(uri):
    return {
        'resource_uri': uri,
        'manufacturer': 'Intel',
        'model': 'Xeon 1',
        'architecture': 'x86',
        'instruction_set': 'x86-64',
        'cores': 8,
        'threads': 16,
        'speed_mhz': 3000,
        'capabilities': ['7', 'avx2', 'sse'],
    }


def _module(uri, mib, **values):
    return {
        'resource_uri': uri,
        'manufacturer': None,
        'type': None,
        'capacity_mib': mib,
        'speed_mhz': None,
        **values,
    }


#: What is recorded of it.
VALUES = {
    'name': 'Sled 1',
    'hardware_uuid': 'u-1',
    'manufacturer': 'Maker',
    'model': 'M',
    'serial_number': 'S',
    'health': 'ok',
    'type': 'physical',
    'power_state': 'off',
    'state': 'free',
    'processors': [_cpu('/p/1'), _cpu('/p/2')],
    'cpu_model': 'Xeon 1',
    'cpu_architecture': 'x86-64',
    'cpu_sockets': 2,
    'cpu_cores': 16,
    'cpu_threads': 32,
    'memory_mib': 3073,
    'memory_type': 'DDR4',
    'memory_modules': [
        _module('/m/1', 1024),
        _module(
            '/m/2',
            2048,
            manufacturer='Hynix',
            type='DDR4',
            speed_mhz=2933,
        ),
        _module('/m/3', 1, type='DDR5'),
    ],
    'tpm': 'TPM2_0',
    'boot_modes': ['Legacy', 'UEFI'],
    'storage_gib': 107,
    'drives': [
        {
            'resource_uri': '/d/1',
            'capacity_gib': 100,
            'type': 'SSD',
            'protocol': 'NVMe',
            'manufacturer': None,
            'model': None,
            'serial_number': None,
            'rpm': None,
        },
        {
            'resource_uri': '/d/2',
            'capacity_gib': 7,
            'type': 'HDD',
            'protocol': 'SATA',
            'manufacturer': 'Maker',
            'model': 'D',
            'serial_number': 'S1',
            'rpm': 7200,
        },
    ],
    'accelerators': [],
    'nics': [
        {
            'resource_uri': '/n/1',
            'mac': '02:00:00:00:aa:bb',
            'speed_mbps': 1000,
        },
        {
            'resource_uri': '/n/2',
            'mac': '02:00:00:00:cc:dd',
            'speed_mbps': None,
        },
        {'resource_uri': '/n/3', 'mac': None, 'speed_mbps': None},
    ],
    'zones': [],
}
