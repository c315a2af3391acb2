# SPDX-License-Identifier: Apache-2.0
"""What is stored on, and not part of a system: drives, volumes and pools."""

from typing import Any

from valence.podmanagers import hardware
from valence.podmanagers.redfish import crawler as redfish_crawler
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.client import links
from valence.podmanagers.redfish.resources import device_item
from valence.podmanagers.redfish.resources import drive
from valence.podmanagers.redfish.resources import labels
from valence.podmanagers.redfish.resources import name
from valence.podmanagers.redfish.resources import number
from valence.podmanagers.redfish.resources import obj
from valence.podmanagers.redfish.resources import whole

_SIZES = ('capacity_gib', 'free_gib')


def read_pooled_drives(
    crawler: redfish_crawler.Crawler, seen: hardware.Inventory, used: set[str]
) -> list[hardware.Item]:
    """The drives in those chassis that hold no system: they can be attached.

    :param seen: with the chassis read.
    """
    homes: dict[str, str] = {}
    collections: dict[str, str] = {}
    for chassis in seen.chassis:
        told = obj(chassis.properties.get('Links'))
        if links(told.get('ComputerSystems')):
            continue
        homes.update(dict.fromkeys(links(told.get('Drives')), chassis.uri))
        # Later services have them in a collection, some in both.
        collection = link(chassis.properties.get('Drives'))
        if collection and not told.get('Drives'):
            collections[collection] = chassis.uri
    for collection, drives in crawler.members_of(collections).items():
        homes.update(dict.fromkeys(drives, collections[collection]))
    items = []
    for uri, body in crawler.get_many(homes).items():
        found = drive(uri, body)
        items.append(
            device_item(
                uri,
                body,
                used=uri in used,
                parent=homes[uri],
                type='drive',
                media_type=found['type'],
                protocol=found['protocol'],
                capacity_gib=found['capacity_gib'],
            )
        )
    return items


def read_volumes(
    crawler: redfish_crawler.Crawler, services: list[str], used: set[str]
) -> list[hardware.Item]:
    """The volumes of storage services: they can be attached."""
    bodies = crawler.get_many(services)
    collections = [
        uri for body in bodies.values() if (uri := link(body.get('Volumes')))
    ]
    members = crawler.members_of(collections)
    uris = [uri for found in members.values() for uri in found]
    return [
        device_item(
            uri,
            body,
            used=uri in used or _assigned(body),
            type='volume',
            capacity_gib=whole(number(body.get('CapacityBytes')) / 2**30),
        )
        for uri, body in crawler.get_many(uris).items()
    ]


def _assigned(body: dict[str, Any]) -> bool:
    oem = obj(obj(body.get('Oem')).get('Intel_RackScale'))
    return oem.get('Assigned') in (True, 'true')


def read_storages(
    crawler: redfish_crawler.Crawler, uris: list[str]
) -> list[hardware.Item]:
    """Storage services and their pools."""
    services = crawler.get_many(uris)
    collections = {
        uri: collection
        for uri, body in services.items()
        if (collection := link(body.get('StoragePools')))
    }
    members = crawler.members_of(collections.values())
    bodies = crawler.get_many(
        uri for found in members.values() for uri in found
    )
    items = []
    for uri, body in services.items():
        pools = [
            _storage_item(pool, bodies[pool], 'pool', uri)
            for pool in members.get(collections.get(uri, ''), [])
            if pool in bodies
        ]
        service = _storage_item(uri, body, 'service', None)
        for size in _SIZES:
            service.values[size] = whole(
                sum(pool.values[size] for pool in pools)
            )
        collection = collections.get(uri, '')
        if crawler.lacks([collection, *members.get(collection, ())]):
            service.unknown.update(_SIZES)
        items.extend([service, *pools])
    return items


def _storage_item(
    uri: str, body: dict[str, Any], kind: str, parent: str | None
) -> hardware.Item:
    data = obj(obj(body.get('Capacity')).get('Data'))
    total = number(data.get('AllocatedBytes')) / 2**30
    state = str(obj(body.get('Status')).get('State'))
    return hardware.Item(
        uri=uri,
        parent=parent,
        values={
            **labels(body),
            'name': name(body, uri),
            'type': kind,
            'capacity_gib': whole(total),
            'free_gib': max(
                0, whole(total - number(data.get('ConsumedBytes')) / 2**30)
            ),
            'state': {'Enabled': 'enabled', 'Disabled': 'disabled'}.get(
                state, 'unknown'
            ),
        },
        properties=body,
    )
