# SPDX-License-Identifier: Apache-2.0
"""The fields of a device of an ExpEther Manager.

A device is the card in a server (status ``eesv``) or an I/O box (``eeio``).
"""

from valence.common.types import JsonObject

# The group ids that can be assigned, and those of devices without a group.
GROUP_IDS = range(16, 4093)
FREE_BOX = '4093'
NEW_SERVER = '4094'
# What a box holds, by the first byte of its PCIe class code.
_TYPES = {
    0x01: 'drive',
    0x02: 'nic',
    0x03: 'gpu',
    0x04: 'multimedia',
    0x06: 'bridge',
    0x0C: 'serial_bus',
    0x12: 'accelerator',
}
_NVME = 0x0108
# Makers of devices by their PCI vendor ID (pcisig.com).
_VENDORS = {
    0x1000: 'Broadcom',
    0x1002: 'AMD',
    0x1022: 'AMD',
    0x10DE: 'NVIDIA',
    0x10EE: 'Xilinx',
    0x1172: 'Altera',
    0x144D: 'Samsung',
    0x14E4: 'Broadcom',
    0x15B3: 'Mellanox',
    0x1BB1: 'Seagate',
    0x1C5C: 'SK hynix',
    0x1E0F: 'KIOXIA',
    0x8086: 'Intel',
}


def is_server(device: JsonObject) -> bool:
    """Whether a device is the card in a server."""
    return str(device.get('status')).strip().casefold() == 'eesv'


def is_box(device: JsonObject) -> bool:
    """Whether a device is an I/O box."""
    return str(device.get('status')).strip().casefold() == 'eeio'


def group(device: JsonObject) -> str:
    """The group id of a device, in decimal digits."""
    return str(device.get('group_id') or '').strip()


def in_group(device: JsonObject) -> bool:
    """Whether a device is in a group."""
    found = group(device)
    return found.isdecimal() and int(found) in GROUP_IDS


def is_free(device: JsonObject) -> bool:
    """Whether a device is known to be in no group."""
    return group(device) == (NEW_SERVER if is_server(device) else FREE_BOX)


def is_usable(device: JsonObject) -> bool:
    """Whether the manager accepts requests for a device.

    It has to be enabled, monitored, and up on one of its two links. Older
    managers show the links only.
    """
    links = [
        *_list(device.get('notification_status0')),
        *_list(device.get('notification_status1')),
    ]
    return (
        device.get('admin_status', 'enabled') == 'enabled'
        and device.get('monitoring_status', 'enabled') == 'enabled'
        and 'up' in links
    )


def is_connected(box: JsonObject) -> bool:
    """Whether a box is connected to its server; True where it is unknown."""
    return bool(box.get('eesv_connection_status', 'up') == 'up')


def box_type(box: JsonObject) -> tuple[str, str | None, str | None]:
    """What a box holds: type, media type and protocol, as far as known.

    The type is the class code shifted right by 16 bits; 10g boxes may have
    none.
    """
    try:
        code = int(str(box.get('pcie_class_code')), 0)
    except ValueError:
        return 'pcie', None, None
    if code >> 8 == _NVME:
        return 'drive', 'SSD', 'NVMe'
    return _TYPES.get(code >> 16, 'pcie'), None, None


def vendor(box: JsonObject) -> str | None:
    """The maker of what a box holds, if its PCI vendor ID is known."""
    try:
        return _VENDORS.get(int(str(box.get('pcie_vendor_id')), 0))
    except ValueError:
        return None


def power(device: JsonObject) -> str:
    """The power state of a server."""
    found = device.get('power_status')
    return found if found in ('on', 'off') else 'unknown'


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
