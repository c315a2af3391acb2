# SPDX-License-Identifier: Apache-2.0
"""The composition service: its root and its manager."""

from __future__ import annotations

import argparse
import collections

from valence_simulator import values
from valence_simulator.personalities.redfish import capabilities
from valence_simulator.personalities.redfish import uris
from valence_simulator.personalities.redfish.blocks import Block
from valence_simulator.personalities.redfish.blocks import BlockPod
from valence_simulator.personalities.redfish.composition import Plan
from valence_simulator.personalities.redfish.composition import Planner
from valence_simulator.personalities.redfish.inventory import Inventory
from valence_simulator.personalities.redfish.manifest import Manifests
from valence_simulator.personalities.redfish.other_client import OtherClient
from valence_simulator.personalities.redfish.sharing import Sharing
from valence_simulator.personalities.redfish.systems import Systems
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

OK = {'State': 'Enabled', 'Health': 'OK'}
EVENT = 'Composition.1.1'


class CompositionService(RedfishService):
    """A DMTF composition service with the blocks of a pod."""

    name = 'redfish'
    modern_events = True
    usual_tasks = ('compose', 'release', 'change', 'erase')
    reset_types = [
        'On',
        'ForceOff',
        'GracefulShutdown',
        'GracefulRestart',
        'ForceRestart',
        'PowerCycle',
    ]

    def __init__(self, options: argparse.Namespace):
        self.etags = options.etags
        if not options.composition_service:
            options.compose_by = []
        super().__init__(
            options,
            Features(
                expand=options.expand,
                select=options.select,
                top_skip=options.top_skip,
                only=True,
                page_size=options.page_size,
                strict=True,
            ),
        )
        self.counts: collections.Counter = collections.Counter()
        self.blocks = BlockPod(self.pod, options.zones)
        self.sharing = Sharing(options)
        self.planner = Planner(self.blocks, self.sharing, self.boots, options)
        self.tree.add(ROOT, self._render_root, public=True)
        if options.composition_service:
            self.tree.add(uris.SERVICE, self._render_service)
        self.inventory = Inventory(
            self.tree,
            self.blocks,
            self.sharing,
            self.adapters,
            options,
            self.block_changed,
        )
        self.systems = Systems(self)
        self.manifests = None
        if 'manifest' in options.compose_by:
            self.manifests = Manifests(self)
        self.other_client = OtherClient(self)
        self._add_managers()
        self._add_capabilities_to_zones()
        self._build_expandable(options.expandable)

    def state(self) -> dict:
        blocks = self.blocks.blocks.values()
        manifests = self.manifests
        return {
            **super().state(),
            'blocks': [
                {
                    'uri': block.uri,
                    'type': block.type,
                    'state': block.state,
                    'zones': block.zones,
                    'erased': block.erased,
                    'reservation': block.reservation,
                    'system': block.system,
                    'systems': block.systems,
                }
                for block in blocks
            ],
            'nodes': [
                {
                    'uri': system.uri,
                    'name': system.texts.get('Name'),
                    'description': system.texts.get('Description'),
                    'power': system.power,
                    'expandable': system.expandable,
                    'parts': [block.uri for block in system.blocks],
                }
                for system in self.systems.members.values()
            ],
            'reservations': list(manifests.reservations) if manifests else [],
            'executed': dict(self.counts),
        }

    def restart(self, forget: bool = False) -> None:
        super().restart(forget)
        self.systems.restart(forget)

    def add_systems(self, count: int, kind: str | None) -> list[str]:
        if kind is not None and kind not in KINDS:
            raise KeyError(kind)
        added = []
        for _ in range(count):
            system = self.pod.add_system(kind)
            values.dress(self.pod, self.options)
            for block in self.blocks.add(system):
                self.inventory.add(block)
                added.append(block.uri)
                self.notify('ResourceAdded', block.uri)
        self.inventory.sync()
        self._add_capabilities_to_zones()
        return added

    def target_of(self, uri: str) -> str | None:
        if uri.startswith(f'{uris.SYSTEMS}/'):
            return '/'.join(uri.split('/')[:5])
        block = self.blocks.find('/'.join(uri.split('/')[:6]))
        if block is None:
            return None
        return f'{uris.SYSTEMS}/{block.system}' if block.system else block.uri

    def change_model(self, uri: str, properties: dict) -> dict:
        block = self.blocks.find(uri)
        system = self.systems.find(uri)
        if block is not None:
            status = properties.pop('CompositionStatus', {})
            block.state = status.get('CompositionState', block.state)
            zones = properties.get('Links', {}).pop('Zones', None)
            if zones is not None:
                self.blocks.put(
                    block, [z['@odata.id'].rsplit('/', 1)[1] for z in zones]
                )
                self.inventory.sync()
            health = properties.get('Status') or {}
            block.health = health.get('Health', block.health)
            self.block_changed(block)
        elif system is not None:
            system.power = properties.pop('PowerState', system.power)
        return properties

    def remove(self, uri: str) -> None:
        resource = self.tree[uri]
        system = self.systems.find(uri)
        if system is not None:
            self.systems.decompose(system)
            return
        block = self.blocks.find(uri)
        if block is not None:
            for system_id in block.systems:
                holder = self.systems.members[system_id]
                holder.blocks.remove(block)
                self.systems.changed(holder)
            self.blocks.remove(block)
        self.tree.remove(resource.uri)
        self.inventory.sync()
        self.notify('ResourceRemoved', uri)

    def set_state(self, block: Block, state: str) -> None:
        """Change the composition state of a block."""
        block.state = state
        self.block_changed(block)

    def block_changed(self, block: Block) -> None:
        """Render a block again, and send an event."""
        self.tree.changed(block.uri, uris.FREE_POOL, uris.ACTIVE_POOL)
        self.notify(
            'ResourceUpdated',
            block.uri,
            message_id=f'{EVENT}.ResourceBlockCompositionStateChanged',
            MessageArgs=[block.uri],
        )

    def set_options(self, **options: object) -> None:
        super().set_options(**options)
        if 'zones' in options:
            self.blocks.lay_out(self.options.zones)
            self.inventory.sync()
            self._add_capabilities_to_zones()
        if {'share', 'max_compositions', 'shared_state'} & set(options):
            for block in self.blocks.blocks.values():
                if self.sharing.is_capable(block):
                    self.set_state(block, self.sharing.state_of(block))

    def capabilities(self) -> dict:
        """Return the capabilities of Systems, for all zones."""
        zones = [f'{uris.ZONES}/{zone}' for zone in self.blocks.zones]
        return capabilities.annotation(self.options.compose_by, zones)

    def _add_capabilities_to_zones(self) -> None:
        if self.options.capabilities_on != 'zones':
            return
        for zone in self.blocks.zones:
            resource = self.tree[f'{uris.ZONES}/{zone}']
            resource.overlay['@Redfish.CollectionCapabilities'] = (
                capabilities.annotation(
                    self.options.compose_by, [resource.uri]
                )
            )
            resource.changed()

    def _build_expandable(self, count: int) -> None:
        computes = [
            block
            for block in self.blocks.blocks.values()
            if block.type == 'Compute'
        ]
        for block in computes[:count]:
            plan = Plan({'Name': f'Server {block.id}'}, [block])
            self.systems.build(plan, expandable=True)

    def _add_managers(self) -> None:
        self.tree.add_collection(
            uris.MANAGERS,
            'ManagerCollection',
            'Managers',
            lambda: [uris.MANAGER],
        )
        self.tree.add(
            uris.MANAGER,
            lambda: document(
                uris.MANAGER,
                'Manager.v1_5_0.Manager',
                'Composer',
                Description='The manager of the pod',
                ManagerType='Service',
                UUID=self.service_uuid,
                FirmwareVersion='1.0.0',
                PowerState='On',
                Status=OK,
                Links={
                    'ManagerForChassis': [
                        link(f'{uris.CHASSIS}/{self.pod.pod.id}')
                    ],
                },
            ),
        )

    def _render_service(self) -> dict:
        service = document(
            uris.SERVICE,
            'CompositionService.v1_2_0.CompositionService',
            'Composition Service',
            Description='Composes systems of resource blocks',
            Status=OK,
            ServiceEnabled=True,
            AllowOverprovisioning=True,
            AllowZoneAffinity=True,
            ResourceBlocks=link(uris.BLOCKS),
            **(
                {'ResourceZones': link(uris.ZONES)}
                if self.blocks.zones
                else {}
            ),
            FreePool=link(uris.FREE_POOL),
            ActivePool=link(uris.ACTIVE_POOL),
        )
        if self.manifests is not None:
            seconds = int(self.options.reservation_seconds)
            service['CompositionReservations'] = link(uris.RESERVATIONS)
            service['ReservationDuration'] = f'PT{seconds}S'
            service['Actions'] = {
                '#CompositionService.Compose': {
                    'target': uris.COMPOSE,
                    '@Redfish.ActionInfo': uris.COMPOSE_INFO,
                }
            }
        return service

    def _render_root(self) -> dict:
        composition = {'CompositionService': link(uris.SERVICE)}
        if not self.options.composition_service:
            composition = {'ResourceBlocks': link(uris.BLOCKS)}
        return document(
            ROOT,
            'ServiceRoot.v1_17_0.ServiceRoot',
            'Service Root',
            Description='Simulated composition service',
            RedfishVersion='1.15.0',
            UUID=self.service_uuid,
            Product='Simulated composition service',
            Vendor='Valence',
            Systems=link(uris.SYSTEMS),
            Chassis=link(uris.CHASSIS),
            Managers=link(uris.MANAGERS),
            **composition,
            SessionService=link(SERVICE),
            AccountService=link(accounts.SERVICE),
            EventService=link(events.SERVICE),
            Tasks=link(tasks.SERVICE),
            ProtocolFeaturesSupported=self.query.features.document(),
            Links={'Sessions': link(SESSIONS)},
        )
