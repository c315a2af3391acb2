# SPDX-License-Identifier: Apache-2.0
"""The chassis tree: pod, racks, drawers, sleds and the drive enclosure."""

from __future__ import annotations

from valence_simulator.hardware import Chassis
from valence_simulator.hardware import Processor
from valence_simulator.personalities.rsd import uris
from valence_simulator.personalities.rsd.parts import render_drive
from valence_simulator.personalities.rsd.parts import render_processor
from valence_simulator.pod import Pod
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

_UNIT_MM = 44.45  # the height of a rack unit


class ChassisTree:
    """The Chassis collection and its members."""

    def __init__(self, service):
        tree, pod = service.tree, service.pod
        self._service = service
        self._tree = tree
        self._pod = pod
        tree.add_collection(
            uris.CHASSIS,
            'ChassisCollection',
            'Chassis',
            lambda: map(uris.chassis, pod.chassis.values()),
        )
        for chassis in pod.chassis.values():
            self.add(chassis)
        for drive in pod.enclosure.drives:
            uri = uris.drive(pod.enclosure, drive)
            tree.add(
                uri, lambda uri=uri, drive=drive: render_drive(uri, drive)
            )
        if pod.fpgas:
            self._add_fpgas(pod)

    def _add_fpgas(self, pod: Pod) -> None:
        members = {uris.fpga(pod.enclosure, f): f for f in pod.fpgas}
        self._tree.add_collection(
            f'{uris.chassis(pod.enclosure)}/Processors',
            'ProcessorCollection',
            'Processors',
            lambda: list(members),
        )
        for uri, fpga in members.items():
            self._tree.add(
                uri, lambda uri=uri, fpga=fpga: render_processor(uri, fpga)
            )

    def add(self, chassis: Chassis) -> None:
        """Add a chassis to the tree."""
        self._tree.add(
            uris.chassis(chassis),
            lambda: render_chassis(self._service, chassis),
        )

    def sync(self) -> None:
        """Add new chassis to the tree; remove those that no longer exist."""
        for chassis in self._pod.chassis.values():
            if uris.chassis(chassis) not in self._tree:
                self.add(chassis)
            self._tree.changed(uris.chassis(chassis))
        self._tree.changed(uris.CHASSIS)


def _systems(chassis: Chassis) -> list[str]:
    """Return the systems in a chassis, at any depth."""
    if chassis.system is not None:
        return [uris.system(chassis.system)]
    return [uri for child in chassis.children for uri in _systems(child)]


def _oem(chassis: Chassis) -> dict:
    location = {
        'Id': chassis.id,
        'ParentId': chassis.parent.id if chassis.parent else None,
    }
    if chassis.type != 'Rack':
        return {
            '@odata.type': '#Intel.Oem.Chassis',
            'Location': location,
        }
    return {
        '@odata.type': '#Intel.Oem.RackChassis',
        'Location': location,
        'RMMPresent': True,
        'RackSupportsDisaggregatedPowerCooling': False,
        'UUID': chassis.uuid,
        'GeoTag': None,
    }


def _more(service, chassis: Chassis) -> tuple[str, dict]:
    """Return the version of the schema, and the properties new in it."""
    uri = uris.chassis(chassis)
    if _fpgas(service, chassis):
        return 'v1_22_0', {'Processors': link(f'{uri}/Processors')}
    if chassis.system is not None and service.adapters.shown:
        return 'v1_4_0', service.adapters.links(f'{uri}/NetworkAdapters')
    return 'v1_4_0', {}


def _fpgas(service, chassis: Chassis) -> list[Processor]:
    return service.pod.fpgas if chassis.type == 'Enclosure' else []


def _links(service, chassis: Chassis) -> dict:
    manager = [link(uris.POD_MANAGER)]
    is_pod = chassis.parent is None
    contained_by = (
        {} if is_pod else {'ContainedBy': link(uris.chassis(chassis.parent))}
    )
    fpgas = [uris.fpga(chassis, fpga) for fpga in _fpgas(service, chassis)]
    return {
        **contained_by,
        'Contains': links(map(uris.chassis, chassis.children)),
        'ComputerSystems': links(_systems(chassis)),
        'Drives': links(uris.drive(chassis, d) for d in chassis.drives),
        'Storage': [],
        **({'Processors': links(fpgas)} if fpgas else {}),
        'ManagedBy': manager,
        'ManagersInChassis': manager if is_pod else [],
        'Oem': {
            'Intel_RackScale': {
                '@odata.type': '#Intel.Oem.ChassisLinks',
                'Switches': [],
            }
        },
    }


def _place(chassis: Chassis) -> dict:
    """Return the height, and the place in the rack."""
    if chassis.units is None:
        return {}
    height = {'HeightMm': round(chassis.units * _UNIT_MM, 2)}
    if chassis.offset is None:
        return height
    placement = {
        'RackOffsetUnits': 'EIA_310',
        'RackOffset': chassis.offset,
    }
    return {**height, 'Location': {'Placement': placement}}


def render_chassis(service, chassis: Chassis) -> dict:
    """Return the document of the chassis."""
    version, more = _more(service, chassis)
    return document(
        uris.chassis(chassis),
        f'Chassis.{version}.Chassis',
        chassis.name,
        Description=f'{chassis.type} of the pod',
        ChassisType=chassis.type,
        Manufacturer='Contoso',
        Model=f'Simulated {chassis.type.lower()}',
        SKU=None,
        SerialNumber=chassis.serial,
        PartNumber=None,
        AssetTag=None,
        IndicatorLED='Off',
        Status={'State': 'Enabled', 'Health': 'OK', 'HealthRollup': 'OK'},
        **more,
        **_place(chassis),
        Links=_links(service, chassis),
        Oem={'Intel_RackScale': _oem(chassis)},
    )
