# SPDX-License-Identifier: Apache-2.0
"""Reading what a DMTF composition service owns.

Resource blocks are what nodes are composed of: see ``redfish_blocks``. The
systems that the service composed are nodes. A system that stands by itself is
listed, but cannot be had for a node.
"""

from collections.abc import Iterable
from typing import Any

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers.composition import blocks as redfish_blocks
from valence.podmanagers.redfish import resources as redfish_inventory
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.client import links
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.events import sort
from valence.podmanagers.redfish.events import unrecognized
from valence.podmanagers.redfish.resources import obj


def places(root: dict[str, Any], service: dict[str, Any]) -> dict[str, str]:
    """The URIs of the collections that the inventory is read from.

    An expansion box has its blocks on the root, and no composition service.
    """
    found = {
        'systems': link(root.get('Systems')),
        'chassis': link(root.get('Chassis')),
        'blocks': link(service.get('ResourceBlocks'))
        or link(root.get('ResourceBlocks')),
        'zones': link(service.get('ResourceZones')),
    }
    return {kind: uri.rstrip('/') for kind, uri in found.items() if uri}


def expands(root: dict[str, Any]) -> bool:
    """Whether the service says that collections can be read with members."""
    features = obj(root.get('ProtocolFeaturesSupported'))
    return obj(features.get('ExpandQuery')).get('NoLinks') is True


def is_node(body: dict[str, Any]) -> bool:
    """Whether a system is a node: composed, or expanded by something."""
    if redfish_blocks.is_expandable(body):
        return (
            len(redfish_blocks.members(body)) > 1
            or redfish_blocks.marker(body) is not None
        )
    return body.get('SystemType') == 'Composed'


def node(uri: str, body: dict[str, Any]) -> hardware.ComposedNode:
    """A composed system as a node.

    One that is there for good is itself part of what it is made of: there
    may be no block that stands for it.
    """
    members = redfish_blocks.members(body)
    if redfish_blocks.is_expandable(body):
        members = [uri, *members]
    last = uri.rstrip('/').rpartition('/')[2]
    return hardware.ComposedNode(
        uri=uri,
        index=(redfish_inventory.text(body.get('Id')) or last)[:255],
        name=redfish_inventory.name(body, uri),
        marker=redfish_blocks.marker(body),
        power_state=redfish_inventory.power(body),
        resources=tuple(dict.fromkeys(members)),
    )


class Survey:
    """Reads a service; remembers of it what a second look needs."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._zones: dict[str, set[str]] = {}
        self._nodes: dict[str, hardware.ComposedNode] | None = None

    def discover(
        self,
        found: dict[str, str],
        expand: bool,
        deadline: base.Deadline,
    ) -> hardware.Inventory:
        """Read everything.

        :param found: the collections, as :func:`places` names them.
        """
        with Crawler(self._client, deadline, expand) as crawler:
            read = crawler.roots(found.values())
            members = {kind: read[uri] for kind, uri in found.items()}
            self._read_zones(crawler, members.get('zones', ()))
            seen = self._read(crawler, members, composes='blocks' in found)
            seen.problems = crawler.problems
            seen.unread = set(crawler.failed)
        self._nodes = {one.uri: one for one in seen.nodes}
        return seen

    def refresh(
        self,
        found: dict[str, str],
        uris: Iterable[str],
        deadline: base.Deadline,
    ) -> hardware.Inventory:
        """Read single resources anew, and what hangs together with them."""
        asked: dict[str, list[str]] = {}
        uris = list(uris)
        known = self._known(found, deadline)
        with Crawler(self._client, deadline, expand=False) as crawler:
            for uri in uris:
                sort(uri, found, asked, crawler)
            self._read_zones(crawler, asked.get('zones', ()))
            systems = crawler.get_many(asked.get('systems', ()))
            # What a node gained or lost has another state now.
            parts = [
                part
                for uri in asked.get('systems', ())
                for part in (
                    *(known[uri].resources if uri in known else ()),
                    *redfish_blocks.members(systems.get(uri, {})),
                )
                if part.startswith(found.get('blocks', '-'))
            ]
            asked['blocks'] = [*asked.get('blocks', ()), *parts]
            seen = self._read(crawler, asked, composes='blocks' in found)
            wanted = {uri for group in asked.values() for uri in group}
            # A system that stays may be no node any more.
            left = {
                uri
                for uri, body in systems.items()
                if redfish_blocks.is_expandable(body) and not is_node(body)
            }
            listed = {item.uri for item in seen.systems}
            seen.gone = (crawler.gone & wanted) | (left - listed)
            seen.unread = set(crawler.failed) - seen.gone
        seen.unrecognized = unrecognized(uris, found)
        for uri in asked.get('systems', ()):
            known.pop(uri, None)
        known.update({one.uri: one for one in seen.nodes})
        return seen

    def systems(
        self, collection: str, expand: bool, deadline: base.Deadline
    ) -> dict[str, dict[str, Any]]:
        """All systems by URI; to miss one would be to compose it twice.

        :raises PodManagerUnavailable: when one cannot be read.
        """
        with Crawler(self._client, deadline, expand) as crawler:
            members = crawler.roots([collection])[collection]
            result = crawler.get_many(members)
            for uri, reason in crawler.failed.items():
                if uri not in crawler.gone:
                    raise exception.PodManagerUnavailable(reason=reason)
        return result

    def _known(
        self, found: dict[str, str], deadline: base.Deadline
    ) -> dict[str, hardware.ComposedNode]:
        """The nodes that were there when this driver last looked."""
        if self._nodes is None:
            systems = self.systems(found['systems'], False, deadline)
            self._nodes = {
                uri: node(uri, body)
                for uri, body in systems.items()
                if is_node(body)
            }
        return self._nodes

    def _read_zones(self, crawler: Crawler, uris: Iterable[str]) -> None:
        """Zones name their blocks, where blocks do not name their zones."""
        for zone, body in crawler.get_many(uris).items():
            named = links(obj(body.get('Links')).get('ResourceBlocks'))
            for block in named:
                self._zones.setdefault(block, set()).add(zone)
            for block, zones in self._zones.items():
                if block not in named:
                    zones.discard(zone)

    def _read(
        self, crawler: Crawler, members: dict[str, list[str]], composes: bool
    ) -> hardware.Inventory:
        systems = crawler.get_many(members.get('systems', ()))
        blocks = redfish_blocks.read(crawler, members.get('blocks', ()))
        seen = hardware.Inventory()
        seen.nodes = [
            node(uri, body) for uri, body in systems.items() if is_node(body)
        ]
        seen.chassis = redfish_inventory.read_chassis(
            crawler, members.get('chassis', [])
        )
        held = self._read_blocks(crawler, blocks, seen)
        alone = [
            uri
            for uri, body in systems.items()
            if uri not in held and _stands_alone(body)
        ]
        for item in redfish_inventory.read_systems(crawler, alone, set()):
            body = systems[item.uri]
            if is_node(body):
                item.values['state'] = 'used'
            elif composes and not redfish_blocks.is_expandable(body):
                # Where nodes are made of blocks, a system that is none stays.
                item.values['state'] = 'unavailable'
            seen.systems.append(item)
        redfish_inventory.find_parents(seen)
        return seen

    def _read_blocks(
        self,
        crawler: Crawler,
        blocks: dict[str, dict[str, Any]],
        seen: hardware.Inventory,
    ) -> set[str]:
        """Put blocks into the inventory.

        :returns: the URIs of the systems that blocks stand for.
        """
        hosts = {
            uri: body
            for uri, body in blocks.items()
            if redfish_blocks.is_host(body)
        }
        behind = [u for b in hosts.values() for u in redfish_blocks.behind(b)]
        inner = {
            item.uri: item
            for item in redfish_inventory.read_systems(crawler, behind, set())
        }
        crawler.get_many(
            u for b in hosts.values() for u in redfish_blocks.computers(b)
        )
        held = set(behind)
        for uri, body in blocks.items():
            zones = sorted(
                {*redfish_blocks.zones(body), *self._zones.get(uri, ())}
            )
            if uri not in hosts:
                seen.devices.append(
                    redfish_blocks.device_item(crawler, uri, body, zones)
                )
                continue
            first = next(iter(redfish_blocks.behind(body)), '')
            computer = computer_of(crawler, body)
            held.update([computer[0]] if computer else ())
            seen.systems.append(
                redfish_blocks.host_item(
                    crawler,
                    uri,
                    body,
                    zones,
                    computer[1] if computer else None,
                    inner.get(first),
                )
            )
        return held


def _stands_alone(body: dict[str, Any]) -> bool:
    """Whether a system is listed by itself, unless a block stands for it."""
    if redfish_blocks.is_expandable(body):
        return True
    return not is_node(body) and not redfish_blocks.members(body)


def computer_of(
    crawler: Crawler, block: dict[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """The system, with its URI, that is there for good with a block in it."""
    for uri, body in crawler.get_many(redfish_blocks.computers(block)).items():
        if redfish_blocks.is_expandable(body):
            return uri, body
    return None
