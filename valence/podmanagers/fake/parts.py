# SPDX-License-Identifier: Apache-2.0
"""The hardware of a fake pod."""

from typing import Any

from valence.podmanagers import hardware

_GIB = 1024
_RACK = '/chassis/1'


def _labels(kind: str, number: int) -> dict[str, Any]:
    return {
        'name': f'{kind.capitalize()} {number}',
        'manufacturer': 'Valence',
        'model': f'fake {kind}',
        'serial_number': f'{kind}-{number}',
        'health': 'ok',
    }


def rack() -> hardware.Item:
    """The chassis of all hardware."""
    values = {
        **_labels('rack', 1),
        **dict.fromkeys(('location', 'rack_offset', 'rack_units')),
        'type': 'rack',
        'state': 'enabled',
    }
    return hardware.Item(uri=_RACK, values=values)


def system(number: int) -> hardware.Item:
    """A system."""
    uri = f'/systems/{number}'
    disk = {
        'resource_uri': f'{uri}/drives/1',
        'capacity_gib': 480,
        'type': 'SSD',
        'protocol': 'NVMe',
        'manufacturer': 'Valence',
        'model': 'fake drive',
        'serial_number': f'system-{number}-drive',
        'rpm': None,
    }
    return hardware.Item(
        uri=uri,
        parent=_RACK,
        values={
            **_labels('system', number),
            'hardware_uuid': None,
            'type': 'physical',
            **_boards(uri),
            'cpu_architecture': 'x86-64',
            'cpu_sockets': 2,
            'cpu_cores': 16,
            'cpu_threads': 32,
            'memory_mib': 64 * _GIB,
            'memory_type': 'DDR4',
            'storage_gib': 480,
            'drives': [disk],
            'nics': [_nic(uri, number)],
            'accelerators': [],
            'power_state': 'off',
            'zones': [],
            'state': 'free',
        },
    )


def _nic(uri: str, number: int) -> dict[str, Any]:
    return {
        'resource_uri': f'{uri}/nics/1',
        'mac': f'02:00:00:00:{number // 256:02x}:{number % 256:02x}',
        'speed_mbps': 10000,
    }


def _boards(uri: str) -> dict[str, Any]:
    return {
        'processors': [_cpu(f'{uri}/processors/{n}') for n in (1, 2)],
        'cpu_model': 'Fake 8',
        'memory_modules': [_dimm(f'{uri}/memory/{n}') for n in (1, 2)],
        'tpm': 'TPM2_0',
        'boot_modes': ['UEFI'],
    }


def _cpu(uri: str) -> dict[str, Any]:
    return {
        'resource_uri': uri,
        'manufacturer': 'Valence',
        'model': 'Fake 8',
        'architecture': 'x86',
        'instruction_set': 'x86-64',
        'cores': 8,
        'threads': 16,
        'speed_mhz': 2400,
        'capabilities': ['avx2'],
    }


def _dimm(uri: str) -> dict[str, Any]:
    return {
        'resource_uri': uri,
        'manufacturer': 'Valence',
        'type': 'DDR4',
        'capacity_mib': 32 * _GIB,
        'speed_mhz': 2933,
    }


def drive(number: int) -> hardware.Item:
    """A pooled drive."""
    return hardware.Item(
        uri=f'/devices/{number}',
        parent=_RACK,
        values=hardware.device(
            {
                **_labels('drive', number),
                'type': 'drive',
                'media_type': 'SSD',
                'protocol': 'NVMe',
                'capacity_gib': 960,
                'state': 'free',
            }
        ),
    )
