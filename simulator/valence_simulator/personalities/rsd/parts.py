# SPDX-License-Identifier: Apache-2.0
"""Processors, memory, NICs and drives in RSD 2.x."""

from __future__ import annotations

from valence_simulator.hardware import Dimm
from valence_simulator.hardware import Drive
from valence_simulator.hardware import Nic
from valence_simulator.hardware import Processor
from valence_simulator.hardware import System
from valence_simulator.personalities.rsd import uris
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

OK = {'State': 'Enabled', 'Health': 'OK', 'HealthRollup': 'OK'}


def render_processor(uri: str, processor: Processor) -> dict:
    is_cpu = processor.type == 'CPU'
    oem = {
        '@odata.type': '#Intel.Oem.Processor',
        'Brand': processor.brand,
        'Capabilities': ['sse', 'sse2', 'sse4_2', 'avx2', 'avx512f'],
    }
    return document(
        uri,
        'Processor.v1_0_0.Processor',
        f'Processor {processor.id}',
        Description=f'Processor in {processor.socket}',
        Socket=processor.socket,
        ProcessorType=processor.type,
        ProcessorArchitecture='x86' if is_cpu else None,
        InstructionSet=processor.instruction_set,
        Manufacturer=processor.manufacturer,
        Model=processor.model,
        MaxSpeedMHz=processor.speed_mhz,
        TotalCores=processor.cores or None,
        TotalThreads=processor.threads or None,
        Status=OK,
        **({'Oem': {'Intel_RackScale': oem}} if is_cpu else {}),
    )


def render_memory(uri: str, dimm: Dimm) -> dict:
    return document(
        uri,
        'Memory.v1_1_0.Memory',
        f'Memory {dimm.id}',
        Description='Memory module',
        MemoryType=dimm.type,
        MemoryDeviceType=dimm.device_type,
        BaseModuleType='RDIMM',
        MemoryMedia=['DRAM'],
        CapacityMiB=dimm.capacity_mib,
        DataWidthBits=dimm.width_bits,
        BusWidthBits=72,
        Manufacturer=dimm.manufacturer,
        SerialNumber=dimm.serial,
        PartNumber=f'D4-{dimm.capacity_mib}',
        AllowedSpeedsMHz=[2400, 2666, dimm.speed_mhz],
        OperatingSpeedMhz=dimm.speed_mhz,
        OperatingMemoryModes=['Volatile'],
        ErrorCorrection='MultiBitECC',
        DeviceLocator=dimm.id.upper(),
        Status=OK,
    )


def render_nic(uri: str, nic: Nic, up: bool) -> dict:
    """A NIC; one that is not up knows no speed."""
    return document(
        uri,
        'EthernetInterface.v1_1_0.EthernetInterface',
        f'Ethernet interface {nic.id}',
        Description='Network interface',
        Status=OK,
        InterfaceEnabled=True,
        PermanentMACAddress=nic.shown,
        MACAddress=nic.shown,
        SpeedMbps=nic.speed_mbps if up else None,
        AutoNeg=True,
        FullDuplex=True,
        MTUSize=1500,
        IPv4Addresses=[],
        IPv6Addresses=[],
    )


def render_storage(system: System) -> dict:
    uri = f'{uris.system(system)}/Storage/1'
    protocols = sorted({drive.protocol for drive in system.drives})
    return document(
        uri,
        'Storage.v1_1_0.Storage',
        'Local storage',
        Description='Storage of the system',
        Status=OK,
        StorageControllers=[
            {
                '@odata.id': f'{uri}#/StorageControllers/0',
                'MemberId': '0',
                'Status': OK,
                'Manufacturer': 'Contoso',
                'Model': 'Simulated controller',
                'SpeedGbps': 12,
                'SupportedControllerProtocols': ['PCIe'],
                'SupportedDeviceProtocols': protocols,
            }
        ],
        Drives=links(uris.drive(system.sled, d) for d in system.drives),
        Links={'Enclosures': [link(uris.chassis(system.sled))]},
    )


def render_drive(uri: str, drive: Drive, erased: bool = True) -> dict:
    return document(
        uri,
        'Drive.v1_1_1.Drive',
        f'Drive {drive.id}',
        Description=f'{drive.protocol} {drive.media}',
        Manufacturer=drive.manufacturer,
        Model=drive.model,
        SerialNumber=drive.serial,
        PartNumber=f'{drive.protocol}-{drive.capacity_gib}',
        CapacityBytes=drive.capacity_bytes,
        MediaType=drive.media,
        Protocol=drive.protocol,
        RotationSpeedRPM=drive.rpm,
        Identifiers=[{'DurableName': drive.uuid, 'DurableNameFormat': 'UUID'}],
        Status={'State': 'Enabled', 'Health': 'OK'},
        Oem={
            'Intel_RackScale': {
                '@odata.type': '#Intel.Oem.Drive',
                'EraseOnDetach': True,
                'DriveErased': erased,
            }
        },
    )


#: The renderer of each type of part.
RENDER = {
    'Processor': render_processor,
    'Memory': render_memory,
}
