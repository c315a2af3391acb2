# SPDX-License-Identifier: Apache-2.0
"""Collection capabilities: what can be posted (DSP2050)."""

from __future__ import annotations

from valence_simulator.personalities.redfish import uris
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

REQUIRED = '@Redfish.RequiredOnCreate'
OPTIONAL = '@Redfish.OptionalOnCreate'
ONCE = '@Redfish.SetOnlyOnCreate'
UPDATABLE = '@Redfish.UpdatableAfterCreate'
COUNTED = '@Redfish.RequestedCountRequired'
KIND = 'ComputerSystem.v1_13_0.ComputerSystem'

#: The number of blocks of each type in a system.
LIMITS = {
    'Compute': (1, 1),
    'Storage': (0, 8),
    'Network': (0, 4),
    'Processor': (0, 4),
}

#: The use case of each capabilities object, by the name of the option.
USE_CASES = {
    'specific': ('ComputerSystemComposition', uris.SPECIFIC),
    'constrained': (
        'ComputerSystemConstrainedComposition',
        uris.CONSTRAINED,
    ),
}


def annotation(ways: list[str], zones: list[str]) -> dict:
    """Return @Redfish.CollectionCapabilities for the offered methods.

    :param zones: the URIs of the zones to which they apply.
    """
    return {
        '@odata.type': '#CollectionCapabilities.v1_2_0.CollectionCapabilities',
        'Capabilities': [
            {
                'CapabilitiesObject': link(USE_CASES[way][1]),
                'UseCase': USE_CASES[way][0],
                'Links': {
                    'TargetCollection': link(uris.SYSTEMS),
                    'RelatedItem': links(zones),
                },
            }
            for way in ways
            if way in USE_CASES
        ],
    }


def _common() -> dict:
    return {
        f'Name{REQUIRED}': True,
        f'Name{ONCE}': True,
        f'Description{OPTIONAL}': True,
        f'Description{ONCE}': True,
        f'HostName{OPTIONAL}': True,
        f'HostName{UPDATABLE}': True,
        f'Boot{OPTIONAL}': True,
        'Boot': {
            f'BootSourceOverrideEnabled{OPTIONAL}': True,
            f'BootSourceOverrideEnabled{UPDATABLE}': True,
            f'BootSourceOverrideTarget{OPTIONAL}': True,
            f'BootSourceOverrideTarget{UPDATABLE}': True,
            'BootSourceOverrideTarget@Redfish.AllowableValues': [
                'None',
                'Pxe',
                'Hdd',
            ],
        },
    }


def _required(*names: str) -> dict:
    return {f'{name}{REQUIRED}': True for name in names}


def _optional(*names: str) -> dict:
    return {f'{name}{OPTIONAL}': True for name in names}


def specific() -> dict:
    """Return the capabilities object of specific composition."""
    limits = {}
    for kind, (least, most) in LIMITS.items():
        limits[f'Min{kind}'], limits[f'Max{kind}'] = least, most
    return {
        **document(uris.SPECIFIC, KIND, 'Capabilities for the zones'),
        **_common(),
        f'Links{REQUIRED}': True,
        'Links': {
            f'ResourceBlocks{REQUIRED}': True,
            f'ResourceBlocks{UPDATABLE}': True,
        },
        '@Redfish.ResourceBlockLimits': limits,
    }


#: The requirements of constrained composition, by property of the system.
CONSTRAINTS: dict[str, dict] = {
    'Processors': {
        COUNTED: True,
        **_optional('ProcessorType', 'TotalCores', 'Model'),
        **_optional('InstructionSet', 'MaxSpeedMHz'),
    },
    'Memory': {
        COUNTED: True,
        **_required('CapacityMiB'),
        **_optional('MemoryType', 'MemoryDeviceType'),
    },
    'Storage': {
        COUNTED: True,
        f'Drives{REQUIRED}': True,
        'Drives': [
            {
                COUNTED: True,
                **_required('CapacityBytes'),
                **_optional('MediaType', 'Protocol', 'SerialNumber'),
            }
        ],
    },
    'SimpleStorage': {
        COUNTED: True,
        f'Devices{REQUIRED}': True,
        'Devices': [
            {COUNTED: True, **_required('CapacityBytes')},
        ],
    },
    'EthernetInterfaces': {
        COUNTED: True,
        **_optional('SpeedMbps', 'FullDuplex'),
    },
}


def constrained(inline: bool) -> dict:
    """Return the capabilities object of constrained composition.

    :param inline: whether to contain the requirements for processors etc., as
        in the white paper. DMTF's service validator requires references there.
    """
    shown = {
        **document(uris.CONSTRAINED, KIND, 'Capabilities for the zones'),
        **_common(),
    }
    for name, member in CONSTRAINTS.items():
        needed = name in ('Processors', 'Memory')
        shown[f'{name}{REQUIRED if needed else OPTIONAL}'] = True
        if inline:
            shown[name] = {f'Members{REQUIRED}': True, 'Members': [member]}
    return shown
