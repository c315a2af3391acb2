# SPDX-License-Identifier: Apache-2.0
"""A composed system and its document."""

from __future__ import annotations

import argparse
import dataclasses

from valence_simulator import values
from valence_simulator.personalities.redfish import uris
from valence_simulator.personalities.redfish.blocks import Block
from valence_simulator.protocol import boot
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

DECOMMISSION_TYPES = [
    'All',
    'UserData',
    'ManagerConfig',
    'BIOSConfig',
    'NetworkConfig',
    'StorageConfig',
    'Logs',
    'TPM',
]
KIND = 'ComputerSystem.v1_21_0.ComputerSystem'
OK = {'State': 'Enabled', 'Health': 'OK'}


@dataclasses.dataclass
class ComposedSystem:
    """A system and its blocks."""

    id: str
    uuid: str
    texts: dict[str, str]
    blocks: list[Block]
    #: Whether it exists permanently, and is only expanded with blocks.
    expandable: bool = False
    power: str = 'On'
    boot: dict = dataclasses.field(default_factory=boot.initial)

    @property
    def uri(self) -> str:
        return f'{uris.SYSTEMS}/{self.id}'


def render(service, system: ComposedSystem) -> dict:
    """Return the document of the system."""
    uri, texts, echoed = system.uri, system.texts, service.echoed
    shown = {
        name: echoed(texts[name], None)
        for name in ('HostName', 'AssetTag')
        if name in texts
    }
    cases = ['ExpandableSystem'] if system.expandable else []
    return document(
        uri,
        KIND,
        echoed(texts.get('Name'), f'System {system.id}'),
        Description=echoed(texts.get('Description'), 'Composed system'),
        **{'HostName': None, **shown},
        SystemType=(
            'Physical'
            if system.expandable and len(system.blocks) == 1
            else 'Composed'
        ),
        **_identity(service.options, system),
        Manufacturer='Contoso',
        Model='Simulated composed system',
        PowerState=system.power,
        Status={'State': 'Enabled', 'Health': _health(system)},
        Boot=service.boots.render(system),
        **service.boots.annotation(uri),
        **_summaries(service, system),
        Composition={'UseCases': cases},
        Processors=link(f'{uri}/Processors'),
        Memory=link(f'{uri}/Memory'),
        EthernetInterfaces=link(f'{uri}/EthernetInterfaces'),
        Storage=link(f'{uri}/Storage'),
        **service.adapters.links(f'{uri}/NetworkInterfaces'),
        Links=_links(system),
        Actions=_actions(service, f'{uri}/Actions'),
    )


def _identity(options: argparse.Namespace, system: ComposedSystem) -> dict:
    uuid, serial = system.uuid, f'C{system.id:0>6}'
    machines = [b.machine for b in system.blocks if b.machine is not None]
    if options.identity == 'hardware' and machines:
        uuid, serial = machines[0].uuid, machines[0].serial
    return values.identity(uuid, serial, options)


def _summaries(service, system: ComposedSystem) -> dict:
    processors = [p for b in system.blocks for p in b.processors]
    cpus = [p for p in processors if p.type == 'CPU']
    memory = sum(d.capacity_mib for b in system.blocks for d in b.dimms)
    return {
        'ProcessorSummary': {
            **values.processor_summary(processors, service.options),
            'CoreCount': sum(p.cores for p in cpus),
            'Status': OK,
        },
        'MemorySummary': {
            'TotalSystemMemoryGiB': memory / 1024,
            'Status': OK,
        },
    }


def _links(system: ComposedSystem) -> dict:
    chassis = {f'{uris.CHASSIS}/{b.chassis.id}' for b in system.blocks}
    return {
        'ResourceBlocks': links(block.uri for block in system.blocks),
        'Chassis': links(sorted(chassis)),
        'ManagedBy': [link(uris.MANAGER)],
    }


def _actions(service, uri: str) -> dict:
    names = ['Reset', 'Decommission']
    if 'actions' in service.options.blocks_by:
        names[1:1] = ['AddResourceBlock', 'RemoveResourceBlock']
    shown = {
        f'#ComputerSystem.{name}': {'target': f'{uri}/ComputerSystem.{name}'}
        for name in names
    }
    for name, parameter, allowed in (
        ('Reset', 'ResetType', service.power.types),
        ('Decommission', 'DecommissionTypes', DECOMMISSION_TYPES),
    ):
        key = f'{parameter}@Redfish.AllowableValues'
        shown[f'#ComputerSystem.{name}'][key] = allowed
    return shown


def _health(system: ComposedSystem) -> str:
    sick = [block.health for block in system.blocks if block.health != 'OK']
    return 'Critical' if 'Critical' in sick else [*sick, 'OK'][0]
