# SPDX-License-Identifier: Apache-2.0
"""GPUs and FPGAs that are part of no system: they can be attached."""

from valence.podmanagers import hardware
from valence.podmanagers.redfish import parts
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import has_malformed
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import related
from valence.podmanagers.wire.values import count


def read_pooled(
    crawler: Crawler, seen: hardware.Inventory, used: set[str]
) -> list[hardware.Item]:
    """The accelerators in chassis without systems.

    :param seen: the inventory with its chassis.
    """
    homes: dict[str, str] = {}
    for chassis in seen.chassis:
        inside = chassis.properties
        if related(inside, 'ComputerSystems') or has_malformed(
            inside, 'ComputerSystems'
        ):
            continue
        listed = related(inside, 'Processors')
        collection = link(inside.get('Processors'))
        if collection and not listed:
            listed = crawler.members(collection)
        homes.update(dict.fromkeys(listed, chassis.uri))
    return [
        resources.device_item(
            uri,
            body,
            used=uri in used,
            parent=homes[uri],
            type=parts.accelerator_type(body),
            cpu_cores=count(body.get('TotalCores')),
            speed_mhz=parts.speed_mhz(body),
            onboard_memory_mib=parts.onboard_memory_mib([body]),
        )
        for uri, body in crawler.get_many(homes).items()
        if not parts.is_cpu(body)
    ]
