# SPDX-License-Identifier: Apache-2.0
"""The URIs of an RSD pod manager."""

from valence_simulator import hardware
from valence_simulator.protocol.resources import ROOT

CHASSIS = f'{ROOT}/Chassis'
SYSTEMS = f'{ROOT}/Systems'
MANAGERS = f'{ROOT}/Managers'
NODES = f'{ROOT}/Nodes'
FABRICS = f'{ROOT}/Fabrics'
SWITCHES = f'{ROOT}/EthernetSwitches'
STORAGE_SERVICES = f'{ROOT}/StorageServices'
STORAGE_SERVICE = f'{STORAGE_SERVICES}/1'
#: Remote storage of API 2.1 and 2.2.
SERVICES = f'{ROOT}/Services'
SERVICE = f'{SERVICES}/1'
POD_MANAGER = f'{MANAGERS}/PodManager'
#: The target by DMTF's rules; the collection shows this one.
ALLOCATE = f'{NODES}/Actions/ComposedNodeCollection.Allocate'
#: The target on Intel's pod manager; it works as well.
USUAL_ALLOCATE = f'{NODES}/Actions/Allocate'


def chassis(chassis: hardware.Chassis) -> str:
    return f'{CHASSIS}/{chassis.id}'


def drive(chassis: hardware.Chassis, drive: hardware.Drive) -> str:
    return f'{CHASSIS}/{chassis.id}/Drives/{drive.id}'


def fpga(chassis: hardware.Chassis, fpga: hardware.Processor) -> str:
    return f'{CHASSIS}/{chassis.id}/Processors/{fpga.id}'


def system(system: hardware.System) -> str:
    return f'{SYSTEMS}/{system.id}'


def processor(owner: hardware.System, processor: hardware.Processor) -> str:
    return f'{system(owner)}/Processors/{processor.id}'


def memory(owner: hardware.System, dimm: hardware.Dimm) -> str:
    return f'{system(owner)}/Memory/{dimm.id}'


def nic(owner: hardware.System, nic: hardware.Nic) -> str:
    return f'{system(owner)}/EthernetInterfaces/{nic.id}'


def volume(volume: hardware.Volume) -> str:
    return f'{STORAGE_SERVICE}/Volumes/{volume.id}'


def logical_drive(volume: hardware.Volume) -> str:
    return f'{SERVICE}/LogicalDrives/{volume.id}'


def target(volume: hardware.Volume) -> str:
    return f'{SERVICE}/Targets/{volume.id}'


def pool(pool: hardware.StoragePool) -> str:
    return f'{STORAGE_SERVICE}/StoragePools/{pool.id}'
