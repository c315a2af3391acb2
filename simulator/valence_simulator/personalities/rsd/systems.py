# SPDX-License-Identifier: Apache-2.0
"""Computer systems and their parts in RSD 2.x.

Reading a system with all its parts takes eleven to fourteen GETs, as on a real
pod manager: nothing is inlined.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from valence_simulator import values
from valence_simulator.hardware import System
from valence_simulator.personalities.rsd import parts
from valence_simulator.personalities.rsd import uris
from valence_simulator.personalities.rsd.parts import OK
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link

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

        def bind(handler):
            async def handle(call: Call) -> web.Response:
                return await handler(system, call)

            return handle

        self._tree.add(
            uri,
            lambda: render_system(self._service, system),
            patch=bind(self._patch),
        )
        self._service.boots.add_settings(
            uri, KIND, system, lambda: self._changed(system)
        )
        self._tree.add(
            f'{uri}/Actions/ComputerSystem.Reset', post=bind(self.reset)
        )
        self._add_parts(system, 'Processors', 'Processor', system.processors)
        self._add_parts(system, 'Memory', 'Memory', system.dimms)
        self._add_nics(system)
        self._add_storage(system)

    async def _patch(self, system: System, call: Call) -> web.Response:
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
                lambda member=member, nic=nic: parts.render_nic(
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

    def _add_storage(self, system: System) -> None:
        uri = f'{uris.system(system)}/Storage'
        self._tree.add_collection(
            uri,
            'StorageCollection',
            'Storage',
            lambda: [f'{uri}/1'],
        )
        self._tree.add(f'{uri}/1', lambda: parts.render_storage(system))
        for drive in system.drives:
            member = uris.drive(system.sled, drive)
            self._tree.add(
                member,
                lambda member=member, drive=drive: parts.render_drive(
                    member, drive
                ),
            )

    def _add_parts(
        self, system: System, name: str, kind: str, members: list
    ) -> None:
        uri = f'{uris.system(system)}/{name}'
        self._tree.add_collection(
            uri,
            f'{kind}Collection',
            f'{kind} Collection',
            lambda: [f'{uri}/{part.id}' for part in members],
        )
        render = parts.RENDER[kind]
        for part in members:
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
        **_summaries(service, system),
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
        Actions=_actions(service, uri),
        Oem={'Intel_RackScale': _oem(system)},
    )


def _summaries(service, system: System) -> dict:
    return {
        'ProcessorSummary': {
            **values.processor_summary(system.processors, service.options),
            'Status': OK,
        },
        'MemorySummary': {
            'TotalSystemMemoryGiB': system.memory_mib / 1024,
            'Status': OK,
        },
    }


def _actions(service, uri: str) -> dict:
    return {
        '#ComputerSystem.Reset': {
            'target': f'{uri}/Actions/ComputerSystem.Reset',
            'ResetType@Redfish.AllowableValues': service.power.types,
        }
    }


def _oem(system: System) -> dict:
    return {
        '@odata.type': '#Intel.Oem.ComputerSystem',
        'ProcessorSockets': max(2, len(system.cpus)),
        'MemorySockets': 16,
        'PCIeConnectionId': [],
        'UserModeEnabled': False,
        'TrustedExecutionTechnologyEnabled': system.txt_enabled,
    }
