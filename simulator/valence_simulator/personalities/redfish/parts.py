# SPDX-License-Identifier: Apache-2.0
"""Processors, memory, NICs and drives in newer schemas."""

from __future__ import annotations

from collections.abc import Iterable

from valence_simulator.hardware import Dimm
from valence_simulator.hardware import Drive
from valence_simulator.hardware import Nic
from valence_simulator.hardware import Processor
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import links

OK = {'State': 'Enabled', 'Health': 'OK'}


def render_processor(uri: str, processor: Processor) -> dict:
    return document(
        uri,
        'Processor.v1_8_0.Processor',
        f'Processor {processor.id}',
        Description=f'Processor in {processor.socket}',
        Socket=processor.socket,
        ProcessorType=processor.type,
        ProcessorArchitecture='x86' if processor.type == 'CPU' else None,
        InstructionSet=processor.instruction_set,
        Manufacturer=processor.manufacturer,
        Model=processor.model,
        MaxSpeedMHz=processor.speed_mhz,
        TotalCores=processor.cores or None,
        TotalThreads=processor.threads or None,
        Status=OK,
    )


def render_memory(uri: str, dimm: Dimm) -> dict:
    return document(
        uri,
        'Memory.v1_9_0.Memory',
        f'Memory {dimm.id}',
        Description='Memory module',
        MemoryType=dimm.type,
        MemoryDeviceType=dimm.device_type,
        CapacityMiB=dimm.capacity_mib,
        DataWidthBits=dimm.width_bits,
        OperatingSpeedMhz=dimm.speed_mhz,
        Manufacturer=dimm.manufacturer,
        SerialNumber=dimm.serial,
        Status=OK,
    )


def render_nic(uri: str, nic: Nic, up: bool = True) -> dict:
    """A NIC; one that is not up knows no speed."""
    return document(
        uri,
        'EthernetInterface.v1_6_0.EthernetInterface',
        f'Ethernet interface {nic.id}',
        Description='Network interface',
        InterfaceEnabled=True,
        PermanentMACAddress=nic.shown,
        MACAddress=nic.shown,
        SpeedMbps=nic.speed_mbps if up else None,
        FullDuplex=True,
        LinkStatus='LinkUp' if up else 'LinkDown',
        Status=OK,
    )


def render_drive(uri: str, drive: Drive) -> dict:
    return document(
        uri,
        'Drive.v1_10_0.Drive',
        f'Drive {drive.id}',
        Description=f'{drive.protocol} {drive.media}',
        CapacityBytes=drive.capacity_bytes,
        MediaType=drive.media,
        Protocol=drive.protocol,
        RotationSpeedRPM=drive.rpm,
        Manufacturer=drive.manufacturer,
        Model=drive.model,
        SerialNumber=drive.serial,
        Identifiers=[{'DurableName': drive.uuid, 'DurableNameFormat': 'UUID'}],
        Status=OK,
    )


def add_storage(tree: Tree, uri: str, drives: Iterable[Drive]) -> None:
    """Add a Storage resource with its drives to a tree."""
    named = [(f'{uri}/Drives/{drive.id}', drive) for drive in drives]
    for drive_uri, drive in named:
        tree.add(
            drive_uri,
            lambda drive_uri=drive_uri, drive=drive: render_drive(
                drive_uri, drive
            ),
        )
    tree.add(
        uri,
        lambda: document(
            uri,
            'Storage.v1_8_0.Storage',
            'Storage',
            Description='Drives of a block',
            Drives=links(drive_uri for drive_uri, _ in named),
            Status=OK,
        ),
    )


#: Properties of a block or a system: attribute of the block, renderer.
PARTS = {
    'Processors': ('processors', render_processor),
    'Memory': ('dimms', render_memory),
    'EthernetInterfaces': ('nics', render_nic),
}
