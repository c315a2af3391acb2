# SPDX-License-Identifier: Apache-2.0
"""Computer systems and their parts in RSD 2.x.

Reading a system with all its parts takes eleven to fourteen GETs, as on a real
pod manager: nothing is inlined.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from valence_simulator import values
from valence_simulator.hardware import Dimm
from valence_simulator.hardware import Drive
from valence_simulator.hardware import Nic
from valence_simulator.hardware import Processor
from valence_simulator.hardware import System
from valence_simulator.personalities.rsd import uris
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

OK = {'State': 'Enabled', 'Health': 'OK', 'HealthRollup': 'OK'}

KIND = 'ComputerSystem.v1_5_0.ComputerSystem'


class Systems:
    """The Systems collection and everything below it.

    :param changed: called with a system whose state has changed.
    """

    def __init__(self, service, changed: Callable[[System], None]):
        tree, pod = service.tree, service.pod
        self._service = service
        self._tree = tree
        self._changed = changed
        tree.add_collection(
            uris.SYSTEMS,
            'ComputerSystemCollection',
            'Computer Systems',
            lambda: map(uris.system, pod.systems.values()),
        )
        for system in pod.systems.values():
            self.add(system)

    def add(self, system: System) -> None:
        """Add a system and its parts to the tree."""
        uri = uris.system(system)
        tree = self._tree

        async def reset_action(call: Call) -> web.Response:
            return await self.reset(system, call)

        async def patch(call: Call) -> web.Response:
            for name in call.body:
                if name != 'Boot':
                    raise errors.property_not_writable(name)
            self._service.boots.check_patch(call.body.get('Boot'))

            def work() -> web.Response:
                self._service.boots.update(system, call.body['Boot'])
                self._changed(system)
                return answers.ok(call.resource)

            return await self._service.tasks.run(
                call,
                'patch',
                'Change a system',
                work,
                unchanged=lambda: answers.ok(call.resource),
            )

        tree.add(
            uri, lambda: render_system(self._service, system), patch=patch
        )
        self._service.boots.add_settings(
            uri, KIND, system, lambda: self._changed(system)
        )
        tree.add(f'{uri}/Actions/ComputerSystem.Reset', post=reset_action)
        self._add_parts(system, 'Processors', 'Processor', system.processors)
        self._add_parts(system, 'Memory', 'Memory', system.dimms)
        self._add_nics(system)
        tree.add_collection(
            f'{uri}/Storage',
            'StorageCollection',
            'Storage',
            lambda: [f'{uri}/Storage/1'],
        )
        tree.add(f'{uri}/Storage/1', lambda: render_storage(system))
        for drive in system.drives:
            tree.add(
                uris.drive(system.sled, drive),
                lambda drive=drive: render_drive(
                    uris.drive(system.sled, drive), drive
                ),
            )

    async def reset(self, system: System, call: Call) -> web.Response:
        """Change the power state."""
        kind = self._service.power.type_of(call.body)

        def work() -> web.Response:
            self._service.boots.apply(system)
            self._service.power.reset(
                system, kind, lambda: self._changed(system)
            )
            return answers.no_content()

        return await self._service.tasks.run(
            call, 'reset', 'Reset a system', work
        )

    def _add_nics(self, system: System) -> None:
        adapters, uri = self._service.adapters, uris.system(system)
        members = {uris.nic(system, nic): nic for nic in system.nics}
        self._tree.add_collection(
            f'{uri}/EthernetInterfaces',
            'EthernetInterfaceCollection',
            'EthernetInterface Collection',
            lambda: list(members) if adapters.has_interfaces else [],
        )
        for member, nic in members.items():
            self._tree.add(
                member,
                lambda member=member, nic=nic: render_nic(
                    member, nic, self._is_up(system)
                ),
                when=lambda: adapters.has_interfaces,
            )
        adapter = f'{uris.chassis(system.sled)}/NetworkAdapters/1'
        interface = f'{uri}/NetworkInterfaces/1'
        adapters.add_collection(adapter.removesuffix('/1'), lambda: [adapter])
        adapters.add(adapter, system.nics)
        adapters.add_collection(
            interface.removesuffix('/1'), lambda: [interface]
        )
        adapters.add_interface(interface, adapter)

    def _is_up(self, system: System) -> bool:
        return system.power != 'Off' or not self._service.options.links_down

    def _add_parts(
        self, system: System, name: str, kind: str, parts: list
    ) -> None:
        uri = f'{uris.system(system)}/{name}'
        self._tree.add_collection(
            uri,
            f'{kind}Collection',
            f'{kind} Collection',
            lambda: [f'{uri}/{part.id}' for part in parts],
        )
        render = RENDER_PART[kind]
        for part in parts:
            self._tree.add(
                f'{uri}/{part.id}',
                lambda part=part: render(f'{uri}/{part.id}', part),
            )


def render_system(service, system: System) -> dict:
    """Return the document of the system."""
    uri = uris.system(system)
    return document(
        uri,
        KIND,
        f'System {system.id}',
        Description=f'Computer system in {system.sled.name}',
        SystemType='Physical',
        AssetTag=None,
        Manufacturer=system.manufacturer,
        Model=system.model,
        SKU=system.sku,
        PartNumber=f'{system.sku}-1',
        **values.identity(system.uuid, system.serial, service.options),
        HostName=None,
        IndicatorLED='Off',
        PowerState=system.power,
        BiosVersion='SE5C620.86B.00.01.0015',
        Status={
            'State': system.state,
            'Health': system.health,
            'HealthRollup': system.health,
        },
        Boot=service.boots.render(system),
        **service.boots.annotation(uri),
        ProcessorSummary={
            **values.processor_summary(system.processors, service.options),
            'Status': OK,
        },
        MemorySummary={
            'TotalSystemMemoryGiB': system.memory_mib / 1024,
            'Status': OK,
        },
        TrustedModules=[{'InterfaceType': system.tpm, 'Status': OK}],
        Processors=link(f'{uri}/Processors'),
        Memory=link(f'{uri}/Memory'),
        EthernetInterfaces=link(f'{uri}/EthernetInterfaces'),
        Storage=link(f'{uri}/Storage'),
        **service.adapters.links(f'{uri}/NetworkInterfaces'),
        Links={
            'Chassis': [link(uris.chassis(system.sled))],
            'ManagedBy': [link(uris.POD_MANAGER)],
        },
        Actions={
            '#ComputerSystem.Reset': {
                'target': f'{uri}/Actions/ComputerSystem.Reset',
                'ResetType@Redfish.AllowableValues': service.power.types,
            }
        },
        Oem={
            'Intel_RackScale': {
                '@odata.type': '#Intel.Oem.ComputerSystem',
                'ProcessorSockets': max(2, len(system.cpus)),
                'MemorySockets': 16,
                'PCIeConnectionId': [],
                'UserModeEnabled': False,
                'TrustedExecutionTechnologyEnabled': system.txt_enabled,
            }
        },
    )


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


RENDER_PART = {
    'Processor': render_processor,
    'Memory': render_memory,
}
