# SPDX-License-Identifier: Apache-2.0
"""Storage that is not part of a system: drives, volumes and pools."""

from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.redfish import parts
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import has_malformed
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import related
from valence.podmanagers.wire.values import number
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import whole

_SIZES = ('capacity_gib', 'free_gib')


def read_pooled_drives(
    crawler: Crawler, seen: hardware.Inventory, used: set[str]
) -> list[hardware.Item]:
    """The drives in chassis without systems: they can be attached.

    :param seen: the inventory with its chassis.
    """
    homes: dict[str, str] = {}
    collections: dict[str, str] = {}
    for chassis in seen.chassis:
        inside = chassis.properties
        if related(inside, 'ComputerSystems') or has_malformed(
            inside, 'ComputerSystems'
        ):
            continue
        listed = related(chassis.properties, 'Drives')
        homes.update(dict.fromkeys(listed, chassis.uri))
        # Later services have a collection, some have both.
        collection = link(chassis.properties.get('Drives'))
        if collection and not listed:
            collections[collection] = chassis.uri
    for collection, drives in crawler.members_of(collections).items():
        homes.update(dict.fromkeys(drives, collections[collection]))
    items = []
    for uri, body in crawler.get_many(homes).items():
        found = parts.drive(uri, body)
        items.append(
            resources.device_item(
                uri,
                body,
                used=uri in used,
                parent=homes[uri],
                type='drive',
                media_type=found['type'],
                protocol=found['protocol'],
                capacity_gib=found['capacity_gib'],
                rpm=found['rpm'],
            )
        )
    return items


def read_volumes(
    crawler: Crawler, services: list[str], used: set[str]
) -> list[hardware.Item]:
    """The volumes of storage services: they can be attached.

    RSD 2.1 has logical drives, each with a target that is attached instead.
    """
    bodies = crawler.get_many(services)
    collections = {
        uri: service
        for service, body in bodies.items()
        for name in ('Volumes', 'LogicalDrives')
        if (uri := link(body.get(name)))
    }
    members = crawler.get_members(collections)
    items = []
    for collection, listed in members.items():
        for uri, body in crawler.get_many(listed).items():
            targets = related(body, 'Targets')
            item = resources.device_item(
                targets[0] if targets else uri,
                body,
                used=bool(used & {uri, *targets}) or _is_assigned(body),
                type='volume',
                capacity_gib=parts.drive(uri, body)['capacity_gib'],
            )
            items.append(item)
        if crawler.lacks([collection, *listed]):
            # It is not known which targets they have.
            place = f'{collections[collection]}/'
            crawler.failed.setdefault(place, 'not all volumes can be read')
    return items


def _is_assigned(body: JsonObject) -> bool:
    oem = obj(obj(body.get('Oem')).get('Intel_RackScale'))
    return oem.get('Assigned') in (True, 'true') or bool(
        related(body, 'UsedBy')
    )


def read_storages(crawler: Crawler, uris: list[str]) -> list[hardware.Item]:
    """Storage services and their pools."""
    services = crawler.get_many(uris)
    collections = {
        uri: collection
        for uri, body in services.items()
        if (collection := link(body.get('StoragePools')))
    }
    members = crawler.get_members(collections.values())
    items = []
    for uri, body in services.items():
        collection = collections.get(uri, '')
        listed = members.get(collection, [])
        pools = [
            _item(pool, found, 'pool', uri)
            for pool, found in crawler.get_many(listed).items()
        ]
        service = _item(uri, body, 'service', None)
        for size in _SIZES:
            service.values[size] = whole(
                sum(pool.values[size] for pool in pools)
            )
        if crawler.lacks([collection, *listed]):
            service.unknown.update(_SIZES)
        items.extend([service, *pools])
    return items


def _item(
    uri: str, body: JsonObject, kind: str, parent: str | None
) -> hardware.Item:
    data = obj(obj(body.get('Capacity')).get('Data'))
    total = number(data.get('AllocatedBytes')) / 2**30
    consumed = number(data.get('ConsumedBytes')) / 2**30
    return hardware.Item(
        uri=uri,
        parent=parent,
        values={
            **resources.labels(body),
            'name': resources.name(body, uri),
            'type': kind,
            'capacity_gib': whole(total),
            'free_gib': max(0, whole(total - consumed)),
            'state': resources.enabled(body),
        },
        properties=body,
    )
