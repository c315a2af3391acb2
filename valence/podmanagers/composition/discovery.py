# SPDX-License-Identifier: Apache-2.0
"""Where a composition service has its resources, and which are nodes."""

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers.composition import blocks
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import allowable
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import has_malformed
from valence.podmanagers.redfish.links import last_segment
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.resources import Bodies
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import text

# The types of systems that are not composed, in lower case.
_OTHER_TYPES = frozenset(
    (
        *('physical', 'virtual', 'os', 'physicallypartitioned', 'dpu'),
        'virtuallypartitioned',
    )
)


def places(root: JsonObject, service: JsonObject) -> dict[str, str]:
    """The URIs of the collections that the inventory is read from.

    An expansion box has its blocks on the root, and no composition service.
    """
    found = {
        'systems': link(root.get('Systems')),
        'chassis': link(root.get('Chassis')),
        'blocks': link(service.get('ResourceBlocks'))
        or link(root.get('ResourceBlocks')),
        'zones': link(service.get('ResourceZones')),
        'reservations': link(service.get('CompositionReservations')),
    }
    return {kind: uri.rstrip('/') for kind, uri in found.items() if uri}


def is_node(body: JsonObject) -> bool:
    """Whether a system is a node: composed, or expanded by blocks."""
    if blocks.is_expandable(body):
        return len(blocks.of_system(body)) > 1 or blocks.mark(body) is not None
    kind = str(body.get('SystemType') or '').casefold()
    if kind == 'composed':
        return True
    # A type that is missing or unknown hides no node.
    return kind not in _OTHER_TYPES and (
        blocks.mark(body) is not None or len(blocks.of_system(body)) > 1
    )


def node(uri: str, body: JsonObject) -> hardware.ComposedNode:
    """A composed system as a node.

    A permanent system is one of its own resources: there may be no block for
    it.
    """
    members = blocks.of_system(body)
    if blocks.is_expandable(body):
        members = [uri, *members]
    return hardware.ComposedNode(
        uri=uri,
        index=(text(body.get('Id')) or last_segment(uri))[:255],
        name=resources.name(body, uri),
        mark=blocks.mark(body),
        power_state=resources.power(body),
        resources=tuple(dict.fromkeys(members)),
        system_uuid=text(body.get('UUID')),
        serial_number=text(body.get('SerialNumber')),
        resources_known=_lists_blocks(body),
        allowable=allowable.at_hand(body),
    )


def read(
    client: Client, uri: str, deadline: Deadline
) -> hardware.ComposedNode:
    """Read a composed system as a node.

    :raises ResourceGone: also for a system that is no node any more: a
        permanent system remains.
    """
    body = client.get(uri, deadline)
    if blocks.is_expandable(body) and not is_node(body):
        raise exception.ResourceGone(uri=uri)
    found = node(uri, body)
    found.allowable = allowable.read(client, body, deadline)
    return found


def _lists_blocks(body: JsonObject) -> bool:
    """Whether a node shows what it is composed of, and all of it."""
    if has_malformed(body, 'ResourceBlocks'):
        return False
    shown = obj(body.get('Links')).get('ResourceBlocks')
    return shown is not None or blocks.is_expandable(body)


def nodes(systems: Bodies) -> list[hardware.ComposedNode]:
    """Those of some systems that are nodes."""
    return [node(uri, body) for uri, body in systems.items() if is_node(body)]


def may_be_of(
    node: hardware.ComposedNode,
    body: JsonObject,
    request: base.ComposeRequest,
) -> bool:
    """Whether a request can have composed a system.

    A mark decides it. Without one, the system must have the blocks of the
    request, or the first of them.
    """
    if node.mark is not None:
        return request.mark.same_as(node.mark)
    requested = {request.system, *request.devices}
    has = set(node.resources) - {node.uri} | ({node.uri} & requested)
    return has == requested or (
        blocks.is_expandable(body)
        and request.system in has
        and has < requested
    )


def stands_alone(body: JsonObject) -> bool:
    """Whether a system is listed by itself, unless a block stands for it."""
    if blocks.is_expandable(body):
        return True
    return not is_node(body) and not blocks.of_system(body)


def parts(crawler: Crawler, request: base.ComposeRequest) -> Bodies:
    """The system and devices of a request.

    :raises NoMatch: when one of them cannot be read.
    """
    uris = (request.system, *request.devices)
    bodies = crawler.get_many(uris)
    for uri in uris:
        if uri not in bodies:
            raise exception.NoMatch(reason=crawler.failed[uri])
    return bodies


def host(crawler: Crawler, uri: str, bodies: Bodies) -> str | None:
    """The system that is always there and gets devices added, if it is one.

    :param uri: a system, or a block that may be the base of one.
    """
    if blocks.is_expandable(bodies[uri]):
        return uri
    found = permanent_system(crawler, bodies[uri])
    return found[0] if found is not None else None


def permanent_system(
    crawler: Crawler, block: JsonObject
) -> tuple[str, JsonObject] | None:
    """The expandable system, with its URI, that a block is part of."""
    for uri, body in crawler.get_many(blocks.all_systems(block)).items():
        if blocks.is_expandable(body):
            return uri, body
    return None
