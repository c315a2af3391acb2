# SPDX-License-Identifier: Apache-2.0
"""Systems and devices that requirements are matched with."""

import types
import uuid

from valence.objects import requirements
from valence.scheduler import fitting


def drive(gib, kind='SSD', protocol='NVMe'):
    return {'capacity_gib': gib, 'type': kind, 'protocol': protocol}


def system(**changes):
    return types.SimpleNamespace(
        **{
            'cpu_cores': 16,
            'cpu_sockets': 2,
            'cpu_model': 'Intel(R) Xeon(R) Platinum 8168',
            'cpu_architecture': 'x86-64',
            'processors': None,
            'memory_modules': None,
            'tpm': None,
            'boot_modes': None,
            'tags': None,
            'inherited_tags': None,
            'memory_mib': 65536,
            'memory_type': 'DDR4',
            'drives': [drive(480), drive(960), drive(2000, 'HDD', 'SATA')],
            'nics': [{'speed_mbps': 10000}, {'speed_mbps': None}],
            'accelerators': None,
            'zones': [],
            **changes,
        }
    )


def device(kind, **values):
    return types.SimpleNamespace(
        **{
            'uuid': str(uuid.uuid4()),
            'type': kind,
            'media_type': None,
            'protocol': None,
            'capacity_gib': None,
            'speed_mbps': None,
            'manufacturer': None,
            'model': None,
            'rpm': None,
            'tags': None,
            'inherited_tags': None,
            'memory_mib': 0,
            'onboard_memory_mib': None,
            'speed_mhz': None,
            'zones': [],
            **values,
        }
    )


def match(requested, host=None, devices=(), zoned=False, refused=()):
    return fitting.match(
        requirements.normalize(requested),
        host or system(),
        devices,
        zoned,
        refused,
    )
