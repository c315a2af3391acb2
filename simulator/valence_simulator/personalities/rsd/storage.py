# SPDX-License-Identifier: Apache-2.0
"""Remote storage: a service with its drives, a pool and its volumes."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from aiohttp import web

from valence_simulator.hardware import GIB
from valence_simulator.hardware import Volume
from valence_simulator.personalities.rsd import uris
from valence_simulator.personalities.rsd.services import Services
from valence_simulator.protocol import answers
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

OK = {'State': 'Enabled', 'Health': 'OK', 'HealthRollup': 'OK'}


class Storage:
    """The StorageServices collection and everything below it.

    :param is_taken: returns whether a node uses the resource at a URI.
    :param services: the view of it in API 2.1 and 2.2.
    """

    def __init__(
        self,
        service,
        is_taken: Callable[[str], bool],
        services: Services | None,
    ):
        tree, pod = service.tree, service.pod
        self._service = service
        self._tree = tree
        self._services = services
        #: The URI of the endpoint that nodes attach to use a volume.
        self.uri_of = uris.volume if services is None else uris.target
        self._pool = pod.pool
        self._enclosure = pod.enclosure
        self._is_taken = is_taken
        self._made = 0
        uri = uris.STORAGE_SERVICE
        tree.add_collection(
            uris.STORAGE_SERVICES,
            'StorageServiceCollection',
            'Storage Services',
            lambda: [uri],
        )
        tree.add(uri, self._render_service)
        for name, kind, members in (
            ('StoragePools', 'StoragePoolCollection', self._pools),
            ('Volumes', 'VolumeCollection', self._volumes),
            ('Drives', 'DriveCollection', self._drives),
        ):
            tree.add_collection(f'{uri}/{name}', kind, name, members)
        self._add_pool()
        for volume in self._pool.volumes:
            self._add_volume(volume)

    def create(self, capacity_gib: int, bootable: bool) -> Volume | None:
        """Create a volume in the pool; None if the pool is full."""
        free = self._pool.capacity_bytes - self._pool.used_bytes
        if capacity_gib * GIB > free:
            return None
        self._made += 1
        volume = Volume(
            id=f'made-{self._made}',
            name=f'Volume made for a node, {self._made}',
            capacity_gib=capacity_gib,
            uuid=str(uuid.uuid4()),
            bootable=bootable,
        )
        self._pool.volumes.append(volume)
        self._add_volume(volume)
        self._pool_changed()
        return volume

    def delete(self, volume: Volume) -> None:
        """Return the capacity of a volume to the pool."""
        self._pool.volumes.remove(volume)
        self._tree.remove(uris.volume(volume))
        self._pool_changed()

    def find(self, uri: str) -> Volume | None:
        """Return the volume of a URI."""
        for volume in self._pool.volumes:
            if self.uri_of(volume) == uri:
                return volume
        return None

    def _pools(self) -> list[str]:
        return [uris.pool(self._pool)]

    def _volumes(self) -> list[str]:
        return [uris.volume(v) for v in self._pool.volumes]

    def _drives(self) -> list[str]:
        return [uris.drive(self._enclosure, d) for d in self._pool.drives]

    def _pool_changed(self) -> None:
        pool = uris.pool(self._pool)
        self._tree.changed(
            f'{uris.STORAGE_SERVICE}/Volumes', pool, f'{pool}/AllocatedVolumes'
        )
        if self._services is not None:
            self._services.sync()

    def _add_pool(self) -> None:
        uri = uris.pool(self._pool)
        self._tree.add(uri, self._render_pool)
        self._tree.add_collection(
            f'{uri}/AllocatedVolumes',
            'VolumeCollection',
            'Allocated Volumes',
            self._volumes,
        )
        self._tree.add_collection(
            f'{uri}/AllocatedPools',
            'StoragePoolCollection',
            'Allocated Pools',
            lambda: [],
        )

    def _add_volume(self, volume: Volume) -> None:
        uri = uris.volume(volume)

        async def initialize(call: Call) -> web.Response:
            def work() -> web.Response:
                volume.erased = True
                self._tree.changed(uri)
                return answers.no_content()

            return await self._service.tasks.run(
                call, 'erase', 'Initialize a volume', work
            )

        self._tree.add(uri, lambda: self._render_volume(volume))
        self._tree.add(f'{uri}/Actions/Volume.Initialize', post=initialize)

    def _render_service(self) -> dict:
        uri = uris.STORAGE_SERVICE
        return document(
            uri,
            'StorageService.v1_0_0.StorageService',
            'Storage Service',
            Description='Volumes over a fabric',
            Status=OK,
            StoragePools=link(f'{uri}/StoragePools'),
            Volumes=link(f'{uri}/Volumes'),
            Drives=link(f'{uri}/Drives'),
        )

    def _render_pool(self) -> dict:
        uri = uris.pool(self._pool)
        data = {
            'AllocatedBytes': self._pool.capacity_bytes,
            'ConsumedBytes': self._pool.used_bytes,
        }
        return document(
            uri,
            'StoragePool.v1_0_0.StoragePool',
            'Base pool',
            Description='Pool that volumes are cut from',
            Status=OK,
            Capacity={'Data': data},
            AllocatedVolumes=link(f'{uri}/AllocatedVolumes'),
            AllocatedPools=link(f'{uri}/AllocatedPools'),
        )

    def _render_volume(self, volume: Volume) -> dict:
        uri = uris.volume(volume)
        return document(
            uri,
            'Volume.v1_5_0.Volume',
            volume.name,
            Description='Remote volume',
            Status=OK,
            CapacityBytes=volume.capacity_bytes,
            Capacity={'Data': {'AllocatedBytes': volume.capacity_bytes}},
            AccessCapabilities=['Read', 'Write'],
            Identifiers=[
                {'DurableName': volume.uuid, 'DurableNameFormat': 'UUID'}
            ],
            Links={'Drives': links(self._drives())},
            Actions={
                '#Volume.Initialize': {
                    'target': f'{uri}/Actions/Volume.Initialize'
                }
            },
            Oem={
                'Intel_RackScale': {
                    '@odata.type': '#Intel.Oem.Volume',
                    'Bootable': volume.bootable,
                    'Assigned': self._is_taken(uri),
                    'EraseOnDetach': True,
                    'Erased': volume.erased,
                }
            },
        )
