# SPDX-License-Identifier: Apache-2.0
"""Read the inventory of an RSD pod manager; the nodes say what is in use."""

from collections.abc import Mapping

from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.redfish import allowable
from valence.podmanagers.redfish import nics
from valence.podmanagers.redfish import parents
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish import root as service_root
from valence.podmanagers.redfish.client import ROOT
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import malformed
from valence.podmanagers.redfish.node_cache import Nodes
from valence.podmanagers.rsd import accelerators
from valence.podmanagers.rsd import nodes
from valence.podmanagers.rsd import storage


def places(root: JsonObject, nodes_uri: str) -> dict[str, str]:
    """The URIs of the collections that the inventory is read from."""
    places = {
        'nodes': nodes_uri,
        'systems': link(root.get('Systems')),
        'chassis': link(root.get('Chassis')),
        'storages': link(root.get('StorageServices'))
        or link(root.get('Services')),
    }
    return {kind: uri.rstrip('/') for kind, uri in places.items() if uri}


def tell_doubts(
    crawler: Crawler, root: JsonObject, seen: hardware.Inventory
) -> None:
    """Add what could not be read, or not be understood, to an inventory."""
    for node in seen.nodes:
        if not node.resources_known:
            crawler.doubts[node.uri] = 'not all of its resources are known'
    bad = malformed(root).intersection(service_root.PLACES)
    if bad:
        reason = f'a malformed link in {", ".join(sorted(bad))}'
        crawler.failed[f'{ROOT}/'] = reason
    seen.problems = crawler.problems
    seen.unread = crawler.unread


def nodes_to_read(
    crawler: Crawler, collection: str, asked: list[str], known: Nodes
) -> list[str]:
    """The nodes to read: those asked for, and those that are new or gone.

    Other clients compose nodes as well; only the collection shows that.
    """
    listed = crawler.roots([collection])[collection]
    if collection in crawler.failed:
        return asked
    changed = set(listed) ^ known.keys()
    return list(dict.fromkeys([*asked, *changed]))


def resources_of(known: Nodes, uri: str) -> tuple[str, ...]:
    return known[uri].resources if uri in known else ()


def read_nodes(crawler: Crawler, uris: list[str]) -> hardware.Inventory:
    """An inventory with the nodes only."""
    found = crawler.get_many(uris)
    seen = [nodes.composed(uri, body) for uri, body in found.items()]
    allowable.complete(crawler, seen, found)
    return hardware.Inventory(nodes=seen)


def read_hardware(
    crawler: Crawler,
    members: Mapping[str, list[str]],
    seen: hardware.Inventory,
    known: Nodes,
) -> None:
    """Read the hardware; the nodes say which of it is in use."""
    used = {uri for node in known.values() for uri in node.resources}
    storages = members.get('storages', [])
    seen.systems = nics.read_systems(crawler, members.get('systems', []), used)
    seen.chassis = resources.read_chassis(crawler, members.get('chassis', []))
    parents.find_parents(seen)
    seen.storages = storage.read_storages(crawler, storages)
    seen.devices = [
        *storage.read_pooled_drives(crawler, seen, used),
        *storage.read_volumes(crawler, storages, used),
        *accelerators.read_pooled(crawler, seen, used),
    ]


def mark_uncertain(
    crawler: Crawler,
    collection: str,
    read: list[str],
    seen: hardware.Inventory,
    known: Nodes,
) -> None:
    """Mark the state of what nodes that could not be read may consist of.

    :param read: the URIs of the nodes that were to be read.
    """
    unread = {uri for uri in read if crawler.lacks([uri])}
    unread |= {node.uri for node in seen.nodes if not node.resources_known}
    parts = {
        part for uri in unread & known.keys() for part in known[uri].resources
    }
    # There may be nodes that were never read, of any free resources.
    others = (
        crawler.lacks([collection])
        or not unread <= known.keys()
        or not all(node.resources_known for node in known.values())
    )
    for item in (*seen.systems, *seen.devices):
        if item.uri in parts or (others and item.values['state'] == 'free'):
            item.unknown.add('state')
