# SPDX-License-Identifier: Apache-2.0
"""A composed node and its document."""

from __future__ import annotations

import dataclasses

from valence_simulator.hardware import System
from valence_simulator.hardware import Volume
from valence_simulator.personalities.rsd import uris
from valence_simulator.protocol.delays import Delay
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

KIND = 'ComposedNode.v1_1_0.ComposedNode'
OPTANE = 'ClearOptaneDCPersistentMemoryOnDelete'


@dataclasses.dataclass
class Node:
    """A node and its resources."""

    id: str
    uuid: str
    name: str | None
    description: str | None
    system: System
    state: str = 'Allocating'
    error: str | None = None
    #: The URIs of attached pooled drives and remote volumes.
    attached: list[str] = dataclasses.field(default_factory=list)
    #: Volumes that were created for it and are deleted with it.
    made: list[Volume] = dataclasses.field(default_factory=list)
    clear_tpm: bool = True
    clear_optane: bool = False
    tagged_values: dict = dataclasses.field(default_factory=dict)
    system_gone: bool = False
    timer: Delay | None = None

    @property
    def uri(self) -> str:
        return f'{uris.NODES}/{self.id}'

    def parts(self) -> list[str]:
        """Return the URIs of all resources of the node."""
        return [
            uris.system(self.system),
            *(uris.drive(self.system.sled, d) for d in self.system.drives),
            *self.attached,
        ]


def render(service, node: Node) -> dict:
    """Return the document of the node."""
    system, actions = node.system, f'{node.uri}/Actions'
    health = 'OK' if node.state != 'Failed' else 'Critical'
    state = 'Enabled' if node.state == 'Assembled' else 'Disabled'
    return document(
        node.uri,
        KIND,
        service.echoed(node.name, f'Composed Node {node.id}'),
        Description=service.echoed(node.description, None),
        UUID=node.uuid,
        PowerState=system.power,
        ComposedNodeState=node.state,
        Status={'State': state, 'Health': health, 'HealthRollup': health},
        Boot=service.boots.render(system),
        **service.boots.annotation(node.uri),
        ClearTPMOnDelete=node.clear_tpm,
        **{OPTANE: node.clear_optane},
        Links=_links(service, node),
        Actions={
            '#ComposedNode.Reset': {
                'target': f'{actions}/ComposedNode.Reset',
                'ResetType@Redfish.AllowableValues': service.power.types,
            },
            '#ComposedNode.Assemble': {
                'target': f'{actions}/ComposedNode.Assemble'
            },
            '#ComposedNode.ForceDelete': {
                'target': f'{actions}/ComposedNode.ForceDelete'
            },
            **service.attachments.render(node),
        },
        Oem={
            'Intel_RackScale': {
                '@odata.type': '#Intel.Oem.ComposedNode',
                'TaggedValues': node.tagged_values,
            }
        },
    )


def _links(service, node: Node) -> dict:
    system = node.system
    drives = [uris.drive(system.sled, d) for d in system.drives]
    fpgas = [uri for uri in node.attached if '/Processors/' in uri]
    attached = [uri for uri in node.attached if uri not in fpgas]
    if service.options.rsd_version == '2.1':
        storage = {
            'LocalDrives': links(drives),
            'RemoteDrives': links(attached),
        }
    else:
        storage = {'Storage': links([*drives, *attached])}
    return {
        'ComputerSystem': link(uris.system(system)),
        'Processors': links(
            [*(uris.processor(system, p) for p in system.processors), *fpgas]
        ),
        'Memory': links(uris.memory(system, dimm) for dimm in system.dimms),
        'EthernetInterfaces': links(
            uris.nic(system, nic)
            for nic in system.nics
            if service.adapters.has_interfaces
        ),
        **storage,
        'ManagedBy': [link(uris.POD_MANAGER)],
    }
