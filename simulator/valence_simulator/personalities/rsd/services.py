# SPDX-License-Identifier: Apache-2.0
"""Remote storage in API 2.1 and 2.2: /redfish/v1/Services.

This is a view of the same pool: drives, logical drives, and a target for each
logical drive, to which nodes attach.
"""

from __future__ import annotations

from valence_simulator.hardware import Drive
from valence_simulator.hardware import Volume
from valence_simulator.personalities.rsd import uris
from valence_simulator.pod import Pod
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import collection
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

OK = {'State': 'Enabled', 'Health': 'OK', 'HealthRollup': 'OK'}


class Services:
    """The Services collection and everything below it."""

    def __init__(self, tree: Tree, pod: Pod):
        self._tree = tree
        self._pool = pod.pool
        uri = uris.SERVICE
        tree.add(
            uris.SERVICES,
            lambda: collection(
                uris.SERVICES,
                'StorageServiceCollection',
                'Storage Services',
                [uri],
            ),
        )
        tree.add(uri, lambda: _render_service(uri))
        for name, kind, members in (
            ('Drives', 'PhysicalDriveCollection', self._drives),
            ('LogicalDrives', 'LogicalDriveCollection', self._logical_drives),
            ('Targets', 'RemoteTargetCollection', self._targets),
        ):
            tree.add_collection(f'{uri}/{name}', kind, name, members)
        for drive in self._pool.drives:
            drive_uri = f'{uri}/Drives/{drive.id}'
            tree.add(
                drive_uri,
                lambda drive_uri=drive_uri, drive=drive: _render_drive(
                    drive_uri, drive
                ),
            )
        self.sync()

    def sync(self) -> None:
        """Add the current volumes to the tree."""
        for name, list_uris in (
            ('LogicalDrives', self._logical_drives),
            ('Targets', self._targets),
        ):
            self._tree.changed(f'{uris.SERVICE}/{name}')
            known = list_uris()
            for uri in self._tree.below(f'{uris.SERVICE}/{name}'):
                if uri not in known:
                    self._tree.remove(uri)
        for volume in self._pool.volumes:
            if uris.target(volume) not in self._tree:
                self._add(volume)

    def _add(self, volume: Volume) -> None:
        drives = [uri for uri in self._drives()]
        self._tree.add(
            uris.logical_drive(volume),
            lambda: _render_logical_drive(volume, drives),
        )
        self._tree.add(uris.target(volume), lambda: _render_target(volume))

    def _drives(self) -> list[str]:
        return [f'{uris.SERVICE}/Drives/{d.id}' for d in self._pool.drives]

    def _logical_drives(self) -> list[str]:
        return [uris.logical_drive(v) for v in self._pool.volumes]

    def _targets(self) -> list[str]:
        return [uris.target(v) for v in self._pool.volumes]


def _render_service(uri: str) -> dict:
    return document(
        uri,
        'StorageService.v1_0_0.StorageService',
        'Storage Service',
        Description='Logical drives over iSCSI',
        Status=OK,
        Drives=link(f'{uri}/Drives'),
        LogicalDrives=link(f'{uri}/LogicalDrives'),
        RemoteTargets=link(f'{uri}/Targets'),
        Links={'ManagedBy': [link(uris.POD_MANAGER)]},
    )


def _render_drive(uri: str, drive: Drive) -> dict:
    return document(
        uri,
        'PhysicalDrive.v1_0_0.PhysicalDrive',
        f'Drive {drive.id}',
        Description='Physical drive',
        Interface=drive.protocol,
        CapacityGiB=drive.capacity_gib,
        Type=drive.media,
        RPM=drive.rpm or 0,
        Manufacturer=drive.manufacturer,
        Model=drive.model,
        SerialNumber=drive.serial,
        Status=OK,
        Links={'UsedBy': []},
    )


def _render_logical_drive(volume: Volume, drives: list[str]) -> dict:
    return document(
        uris.logical_drive(volume),
        'LogicalDrive.v1_0_0.LogicalDrive',
        volume.name,
        Description='Logical drive',
        Type='LVM',
        Mode='LV',
        Protected=False,
        CapacityGiB=volume.capacity_gib,
        Image=None,
        Bootable=volume.bootable,
        Snapshot=False,
        Status=OK,
        Links={
            'LogicalDrives': [],
            'PhysicalDrives': links(drives),
            'MasterDrive': None,
            'UsedBy': [],
            'Targets': [link(uris.target(volume))],
        },
    )


def _render_target(volume: Volume) -> dict:
    lun = {'LUN': 1, 'LogicalDrive': uris.logical_drive(volume)}
    return document(
        uris.target(volume),
        'RemoteTarget.v1_1_0.RemoteTarget',
        f'Target {volume.id}',
        Description='iSCSI target',
        Type='iSCSITargets',
        Addresses=[
            {
                'iSCSI': {
                    'TargetLUN': [lun],
                    'TargetIQN': f'iqn.2015-01.com.example:{volume.id}',
                    'TargetPortalIP': '192.0.2.10',
                    'TargetPortalPort': 3260,
                }
            }
        ],
        Initiator=[],
        Status=OK,
        Links={},
    )
