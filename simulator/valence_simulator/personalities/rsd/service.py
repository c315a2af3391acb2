# SPDX-License-Identifier: Apache-2.0
"""The pod manager: its root, its managers and its collections."""

from __future__ import annotations

import argparse

from valence_simulator import values
from valence_simulator.hardware import System
from valence_simulator.personalities.rsd import uris
from valence_simulator.personalities.rsd.attachments import Attachments
from valence_simulator.personalities.rsd.attachments import RemoteDrives
from valence_simulator.personalities.rsd.chassis import ChassisTree
from valence_simulator.personalities.rsd.nodes import Nodes
from valence_simulator.personalities.rsd.other_client import OtherClient
from valence_simulator.personalities.rsd.services import Services
from valence_simulator.personalities.rsd.storage import Storage
from valence_simulator.personalities.rsd.systems import Systems
from valence_simulator.pod import KINDS
from valence_simulator.protocol import accounts
from valence_simulator.protocol import events
from valence_simulator.protocol import tasks
from valence_simulator.protocol.query import Features
from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.service import RedfishService
from valence_simulator.protocol.sessions import SERVICE
from valence_simulator.protocol.sessions import SESSIONS

OK = {'State': 'Enabled', 'Health': 'OK', 'HealthRollup': 'OK'}


class RsdService(RedfishService):
    """An RSD pod manager.

    It has no ETags, and no tasks unless the options request them; the progress
    of a composition is in ComposedNodeState.
    """

    name = 'rsd'
    reset_types = [
        'On',
        'ForceOff',
        'GracefulShutdown',
        'GracefulRestart',
        'ForceRestart',
        'Nmi',
        'ForceOn',
        'PushPowerButton',
        'PowerCycle',
    ]
    boot_targets = ['None', 'Pxe', 'Hdd', 'RemoteDrive']

    def __init__(self, options: argparse.Namespace):
        super().__init__(
            options,
            Features(expand=options.expand, page_size=options.page_size),
        )
        tree, pod = self.tree, self.pod
        tree.add(ROOT, self._render_root, public=True)
        self._add_manager()
        self.chassis = ChassisTree(self)
        self.systems = Systems(self, self._system_changed)
        self.nodes = Nodes(self)
        old = options.rsd_version in ('2.1', '2.2')
        self.storage = Storage(
            self,
            self.nodes.is_taken,
            Services(tree, pod) if old else None,
        )
        self.remote_drives = RemoteDrives(self)
        self.attachments = Attachments(self)
        self.other_client = OtherClient(self)
        tree.add_collection(
            uris.FABRICS, 'FabricCollection', 'Fabrics', lambda: []
        )
        tree.add_collection(
            uris.SWITCHES,
            'EthernetSwitchCollection',
            'Ethernet Switches',
            lambda: [],
        )

    def state(self) -> dict:
        return {
            **super().state(),
            'systems': [self._state_of(s) for s in self.pod.systems.values()],
            'nodes': [
                {
                    'uri': node.uri,
                    'name': node.name or f'Composed Node {node.id}',
                    'description': node.description,
                    'state': node.state,
                    'error': node.error,
                    'power': node.system.power,
                    'system': uris.system(node.system),
                    'parts': node.parts(),
                }
                for node in self.nodes.members.values()
            ],
            'executed': dict(self.nodes.counts),
        }

    def restart(self, forget: bool = False) -> None:
        super().restart(forget)
        self.nodes.restart(forget)

    def add_systems(self, count: int, kind: str | None) -> list[str]:
        if kind is not None and kind not in KINDS:
            raise KeyError(kind)
        added = []
        for _ in range(count):
            system = self.pod.add_system(kind)
            values.dress(self.pod, self.options)
            self.systems.add(system)
            added.append(uris.system(system))
            self.notify('ResourceAdded', uris.system(system))
        self.chassis.sync()
        self.tree.changed(uris.SYSTEMS)
        return added

    def target_of(self, uri: str) -> str | None:
        if uri.startswith((f'{uris.NODES}/', f'{uris.SYSTEMS}/')):
            uri = '/'.join(uri.split('/')[:5])
        elif uri.startswith(f'{uris.STORAGE_SERVICE}/Volumes/'):
            uri = '/'.join(uri.split('/')[:7])
        elif '/Drives/' not in uri:
            return None
        if uri == f'{uris.NODES}/Actions':
            return None
        node = self.nodes.holder(uri)
        return node.uri if node is not None else uri

    def change_model(self, uri: str, properties: dict) -> dict:
        key = uri.rsplit('/', 1)[1]
        system = self.pod.systems.get(key)
        node = self.nodes.members.get(key)
        if system is not None and uri == uris.system(system):
            return self._change_system(system, properties)
        if node is not None and uri == node.uri:
            node.state = properties.pop('ComposedNodeState', node.state)
            node.system.power = properties.pop('PowerState', node.system.power)
            self._system_changed(node.system)
        return properties

    def remove(self, uri: str) -> None:
        resource = self.tree[uri]
        node = self.nodes.members.get(uri.rsplit('/', 1)[1])
        system = self.pod.systems.get(uri.rsplit('/', 1)[1])
        if node is not None and uri == node.uri:
            self.nodes.remove(node)
            return
        if system is not None and uri == uris.system(system):
            self._remove_system(system)
        self.tree.remove(resource.uri)
        self.notify('ResourceRemoved', uri)

    def _system_changed(self, system: System) -> None:
        nics = (uris.nic(system, nic) for nic in system.nics)
        self.tree.changed(uris.system(system), *nics)
        node = self.nodes.holder(uris.system(system))
        if node is not None:
            self.tree.changed(node.uri)
        self.notify('StatusChange', uris.system(system))

    def _change_system(self, system: System, properties: dict) -> dict:
        if isinstance(properties.get('PowerState'), str):
            system.power = properties.pop('PowerState')
        if isinstance(properties.get('Status'), dict):
            status = properties['Status']
            system.state = status.get('State', system.state)
            system.health = status.get('Health', system.health)
        system.online = properties.pop('online', system.online)
        self._system_changed(system)
        return properties

    def _remove_system(self, system: System) -> None:
        node = self.nodes.holder(uris.system(system))
        self.pod.remove_system(system)
        self.tree.remove(uris.chassis(system.sled))
        self.chassis.sync()
        self.tree.changed(uris.SYSTEMS)
        if node is not None:
            node.system_gone = True
            self.nodes.fail(node, 'The computer system is gone.')

    def _state_of(self, system: System) -> dict:
        node = self.nodes.holder(uris.system(system))
        return {
            'uri': uris.system(system),
            'uuid': system.uuid,
            'kind': system.kind,
            'power': system.power,
            'health': system.health,
            'node': node.uri if node else None,
        }

    def _add_manager(self) -> None:
        self.tree.add_collection(
            uris.MANAGERS,
            'ManagerCollection',
            'Managers',
            lambda: [uris.POD_MANAGER],
        )
        self.tree.add(uris.POD_MANAGER, self._render_manager)

    def _render_manager(self) -> dict:
        return document(
            uris.POD_MANAGER,
            'Manager.v1_5_0.Manager',
            'Pod Manager',
            Description='The manager of the pod',
            ManagerType='Service',
            ServiceEntryPointUUID=self.service_uuid,
            UUID=self.service_uuid,
            FirmwareVersion=f'{self.options.rsd_version}.0',
            Status=OK,
            PowerState='On',
            Links={
                'ManagerForChassis': [link(uris.chassis(self.pod.pod))],
                'ManagerForServers': [],
            },
        )

    def _render_root(self) -> dict:
        version = self.options.rsd_version
        # API 2.1 had these on the root, as 1.2 had.
        ours = {
            'Nodes': link(uris.NODES),
            'EthernetSwitches': link(uris.SWITCHES),
        }
        storage = {'StorageServices': link(uris.STORAGE_SERVICES)}
        if version in ('2.1', '2.2'):
            storage = {'Services': link(uris.SERVICES)}
        return document(
            ROOT,
            'ServiceRoot.v1_4_0.ServiceRoot',
            'Pod Manager Service Root',
            Description='Simulated RSD pod manager',
            RedfishVersion='1.5.0',
            UUID=self.service_uuid,
            Chassis=link(uris.CHASSIS),
            Systems=link(uris.SYSTEMS),
            Managers=link(uris.MANAGERS),
            Fabrics=link(uris.FABRICS),
            **storage,
            **(ours if version == '2.1' else {}),
            SessionService=link(SERVICE),
            AccountService=link(accounts.SERVICE),
            EventService=link(events.SERVICE),
            Tasks=link(tasks.SERVICE),
            ProtocolFeaturesSupported=self.query.features.document(),
            Links={'Sessions': link(SESSIONS)},
            Oem={
                'Intel_RackScale': {
                    '@odata.type': '#Intel.Oem.ServiceRoot',
                    'ApiVersion': f'{version}.0',
                    **(ours if version != '2.1' else {}),
                }
            },
        )
