# SPDX-License-Identifier: Apache-2.0
"""Read the inventory of a DMTF composition service.

Resource blocks are what nodes are composed of: see ``blocks``. The systems
that the service composed are nodes. A system outside of all blocks is listed,
but no node can be composed of it.
"""

import itertools
from collections.abc import Mapping

from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.composition import blocks
from valence.podmanagers.composition import devices
from valence.podmanagers.composition import discovery
from valence.podmanagers.composition import reservations
from valence.podmanagers.composition.zones import Zones
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import allowable
from valence.podmanagers.redfish import events
from valence.podmanagers.redfish import nics
from valence.podmanagers.redfish import parents
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish import root as service_root
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import has_malformed
from valence.podmanagers.redfish.node_cache import NodeCache
from valence.podmanagers.redfish.resources import Bodies

# The collections of a service by kind: see ``discovery.places``.
Places = Mapping[str, str]


class Survey:
    """Reads a service, whole or in part.

    It caches nodes and zones, which saves requests when it reads a part.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._zones = Zones()
        self._nodes = NodeCache()

    def discover(
        self,
        root: JsonObject,
        places: Places,
        broken: Mapping[str, str],
        deadline: Deadline,
    ) -> hardware.Inventory:
        """Read everything.

        :param broken: why services that the root links cannot be used, by URI.
        """
        expand = service_root.expands(root)
        with Crawler(self._client, deadline, expand) as crawler:
            read = crawler.roots(places.values())
            for uri, reason in broken.items():
                crawler.failed[f'{uri}/'] = reason
            members = {kind: read[uri] for kind, uri in places.items()}
            zones_known = not broken and self._zones.read(
                crawler, places.get('zones'), members.get('zones', [])
            )
            composes = bool(broken) or 'blocks' in places
            seen = self._read(crawler, places, members, zones_known, composes)
            seen.problems = crawler.problems
            seen.unread = crawler.unread
        self._nodes.replace(seen.nodes)
        return seen

    def refresh(
        self, places: Places, uris: list[str], deadline: Deadline
    ) -> hardware.Inventory:
        """Read single resources again, and those that depend on them."""
        members: dict[str, list[str]] = {}
        known = self._nodes.load(
            lambda: discovery.nodes(
                self.systems(places['systems'], False, deadline)
                if 'systems' in places
                else {}
            )
        )
        with Crawler(self._client, deadline) as crawler:
            for uri in uris:
                events.add_member(uri, places, members, crawler)
            zones_known = self._zones.refresh(
                crawler, places.get('zones'), members.get('zones', ())
            )
            changed = members.pop('reservations', [])
            if 'reservations' in places:
                collection = places['reservations']
                members['reservations'] = crawler.members(collection)
            asked = members.get('systems', [])
            systems = crawler.get_many(asked)
            parts = [
                part
                for uri in asked
                for part in _parts(known.get(uri), systems.get(uri, {}))
                if part.startswith(places.get('blocks', '-'))
            ]
            parts += reservations.blocks_of(crawler, changed)
            members['blocks'] = [*members.get('blocks', ()), *parts]
            composes = 'blocks' in places
            seen = self._read(crawler, places, members, zones_known, composes)
            seen.gone = _gone(crawler, members, systems, seen)
            seen.unread = crawler.unread - seen.gone
        seen.unrecognized = events.unrecognized(uris, places)
        self._nodes.update(seen.nodes, gone=asked)
        return seen

    def systems(
        self, collection: str, expand: bool, deadline: Deadline
    ) -> Bodies:
        """All systems by URI.

        :raises PodManagerUnavailable: when one cannot be read.
        """
        with Crawler(self._client, deadline, expand) as crawler:
            members = crawler.roots([collection])[collection]
            result = crawler.get_many(members)
            crawler.require_all(collection)
        return result

    def _read(
        self,
        crawler: Crawler,
        places: Places,
        members: Mapping[str, list[str]],
        zones_known: bool,
        composes: bool,
    ) -> hardware.Inventory:
        """Read the members of the collections.

        :param composes: whether nodes are composed of blocks only.
        """
        systems = crawler.get_many(members.get('systems', ()))
        bodies = blocks.read(crawler, members.get('blocks', ()))
        seen = hardware.Inventory()
        seen.nodes = discovery.nodes(systems)
        allowable.complete(crawler, seen.nodes, systems)
        seen.chassis = resources.read_chassis(
            crawler, members.get('chassis', [])
        )
        for node in seen.nodes:
            if not node.resources_known:
                crawler.doubts[node.uri] = 'not all resource blocks are known'
        within = self._add_blocks(crawler, bodies, seen)
        _respect_reservations(crawler, places, members, seen)
        if not zones_known:
            for item in (*seen.systems, *seen.devices):
                item.unknown.add('zones')
        self._add_alone(crawler, systems, within, seen, composes)
        parents.find_parents(seen)
        return seen

    @staticmethod
    def _add_alone(
        crawler: Crawler,
        systems: Bodies,
        within: set[str],
        seen: hardware.Inventory,
        composes: bool,
    ) -> None:
        """Add the systems that no block stands for."""
        alone = [
            uri
            for uri, body in systems.items()
            if uri not in within and discovery.stands_alone(body)
        ]
        for item in nics.read_systems(crawler, alone, set()):
            body = systems[item.uri]
            if discovery.is_node(body):
                item.values['state'] = 'used'
            elif composes and not blocks.is_expandable(body):
                item.values['state'] = 'unavailable'
            seen.systems.append(item)

    def _add_blocks(
        self, crawler: Crawler, bodies: Bodies, seen: hardware.Inventory
    ) -> set[str]:
        """Add blocks to the inventory.

        :returns: the URIs of the systems that are shown as blocks.
        """
        types = {
            uri: blocks.types_of(crawler, body) for uri, body in bodies.items()
        }
        hosts = [bodies[uri] for uri in bodies if blocks.is_host(types[uri])]
        within = [uri for body in hosts for uri in blocks.inner_systems(body)]
        read = nics.read_systems(crawler, within, set())
        inner = {item.uri: item for item in read}
        crawler.get_many(itertools.chain(*map(blocks.all_systems, hosts)))
        shown = set(within)
        for uri, body in bodies.items():
            zones = sorted({*blocks.zones(body), *self._zones.of_block(uri)})
            if not types[uri]:
                # What was known of it stays.
                crawler.failed[uri] = blocks.unknown_type(body)
                continue
            if not blocks.is_host(types[uri]):
                item = devices.device_item(
                    crawler, uri, body, types[uri], zones
                )
                _mark_doubts(crawler, item)
                seen.devices.append(item)
                continue
            first = next(iter(blocks.inner_systems(body)), '')
            permanent = discovery.permanent_system(crawler, body)
            place, system = permanent or (first, None)
            shown.add(place)
            item = blocks.host_item(
                crawler, uri, body, zones, system, inner.get(first)
            )
            _mark_doubts(crawler, item)
            seen.systems.append(item)
        return shown - {''}


def _respect_reservations(
    crawler: Crawler,
    places: Places,
    members: Mapping[str, list[str]],
    seen: hardware.Inventory,
) -> None:
    """Show what a reservation holds as used.

    Without all reservations, it is unknown whether a block is free.
    """
    listed = members.get('reservations', [])
    held = reservations.blocks_of(crawler, listed)
    unknown = crawler.lacks([places.get('reservations', ''), *listed])
    for item in (*seen.systems, *seen.devices):
        if item.values['state'] != 'free':
            continue
        if item.uri in held:
            item.values['state'] = 'used'
        elif unknown:
            item.unknown.add('state')


def _mark_doubts(crawler: Crawler, item: hardware.Item) -> None:
    """Mark what a block shows in no form that is understood."""
    parents.mark_parent(item)
    if has_malformed(item.properties, 'Zones'):
        item.unknown.add('zones')
    reported = blocks.composition_state(item.properties)
    if not blocks.is_known(reported):
        item.unknown.add('state')
        crawler.doubts[item.uri] = f'unknown CompositionState {reported}'


def _parts(
    known: hardware.ComposedNode | None, body: JsonObject
) -> tuple[str, ...]:
    """What a node has now and had before: the state of both has changed."""
    before = known.resources if known is not None else ()
    return (*before, *blocks.of_system(body))


def _gone(
    crawler: Crawler,
    members: Mapping[str, list[str]],
    systems: Bodies,
    seen: hardware.Inventory,
) -> set[str]:
    """What was to be read and does not exist; or is no node any more."""
    linked = {uri for group in members.values() for uri in group}
    # A permanent system is still there when the node is not.
    released = {
        uri
        for uri, body in systems.items()
        if blocks.is_expandable(body) and not discovery.is_node(body)
    }
    listed = {item.uri for item in seen.systems}
    return (crawler.gone & linked) | (released - listed)
