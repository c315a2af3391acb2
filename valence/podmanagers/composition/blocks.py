# SPDX-License-Identifier: Apache-2.0
"""Resource blocks of a DMTF composition service as inventory items.

A block of type Compute or ComputerSystem is the base of a node and is shown
as a system. All other blocks are pooled devices. The zones of a block are
identified by their URIs.
"""

from collections.abc import Iterable

from valence.common.identity import Mark
from valence.common.identity import find_mark
from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.redfish import nics
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import has_malformed
from valence.podmanagers.redfish.links import links
from valence.podmanagers.redfish.links import related
from valence.podmanagers.redfish.parts import is_cpu
from valence.podmanagers.redfish.resources import Bodies
from valence.podmanagers.wire.values import array
from valence.podmanagers.wire.values import count
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import text

# Links of a block to its parts; the drives of a Storage are one level below.
_PARTS = (
    *('Processors', 'Memory', 'EthernetInterfaces'),
    *('Drives', 'Storage', 'SimpleStorage'),
)
# The fields of a host block that are read from the system it is part of.
_SYSTEM_FIELDS = ('power_state', 'hardware_uuid', 'state')
_HOST_TYPES = ('Compute', 'ComputerSystem')
_TYPES = (
    *('Compute', 'ComputerSystem', 'Expansion', 'IndependentResource'),
    *('Memory', 'Network', 'Processor', 'Storage'),
)
# The types of a block that does not report its own, by the parts that it has;
# the first that fits. Its processors come before all but a whole system.
_TYPES_BY_PART = {
    'Drives': 'Storage',
    'Storage': 'Storage',
    'SimpleStorage': 'Storage',
    'EthernetInterfaces': 'Network',
    'NetworkInterfaces': 'Network',
    'Memory': 'Memory',
}
_STATES = {
    'Unused': 'free',
    'Composing': 'used',
    'Composed': 'used',
    'ComposedAndAvailable': 'free',
}


def types(body: JsonObject) -> list[str]:
    """The types that a block reports, as far as they are known."""
    found = body.get('ResourceBlockType')
    found = found if isinstance(found, list) else [found]
    return [k for k in found if isinstance(k, str) and k in _TYPES]


def types_of(crawler: Crawler, body: JsonObject) -> list[str]:
    """The types of a block; judged by its parts if it reports none.

    :returns: none where its parts do not show it either.
    """
    reported = types(body)
    if set(reported) - {'IndependentResource'}:
        return reported
    if inner_systems(body):
        return ['ComputerSystem']
    processors = crawler.get_many(links(body.get('Processors'))).values()
    if processors:
        hosts = any(map(is_cpu, processors))
        return ['Compute' if hosts else 'Processor']
    if links(body.get('Processors')):
        return reported
    return next(
        (
            [kind]
            for name, kind in _TYPES_BY_PART.items()
            if links(body.get(name))
        ),
        reported,
    )


def unknown_type(body: JsonObject) -> str:
    """Why it is not known what a block is, for people."""
    found = text(body.get('ResourceBlockType')) or text(
        ', '.join(map(str, array(body.get('ResourceBlockType'))))
    )
    return f'unknown ResourceBlockType {found or "(none)"}'


def is_host(types: Iterable[str]) -> bool:
    """Whether a block of these types can be the base of a node."""
    return any(kind in _HOST_TYPES for kind in types)


def inner_systems(body: JsonObject) -> list[str]:
    """The URIs of the systems in a block.

    ``Links.ComputerSystems``, by contrast, has those it is composed into.
    """
    return links(body.get('ComputerSystems'))


def all_systems(body: JsonObject) -> list[str]:
    """The URIs of the systems in a block, and of those it is part of."""
    return [*inner_systems(body), *related(body, 'ComputerSystems')]


def of_system(body: JsonObject) -> list[str]:
    """The URIs of the blocks that a system is composed of."""
    return related(body, 'ResourceBlocks')


def is_expandable(body: JsonObject) -> bool:
    """Whether a system is permanent, and only gets blocks added to it."""
    cases = obj(body.get('Composition')).get('UseCases')
    return 'ExpandableSystem' in array(cases)


def composition_state(body: JsonObject) -> str | None:
    """``CompositionState`` of a block: Unused, Composing, Composed …"""
    return text(obj(body.get('CompositionStatus')).get('CompositionState'))


def is_known(state: str | None) -> bool:
    """Whether a ``CompositionState`` is one of those that are defined."""
    return state in (None, *_STATES, 'Failed', 'Unavailable')


def is_reserved(body: JsonObject) -> bool:
    """Whether a client has marked a block as reserved.

    That is a note between the clients of a service, not a lock; Valence
    respects it all the same (DSP2050).
    """
    status = obj(body.get('CompositionStatus'))
    return str(status.get('Reserved')).casefold() == 'true'


def sharing(body: JsonObject) -> int | None:
    """How many systems can be composed of a block at once; None: any number.

    Most blocks cannot be shared.
    """
    status = obj(body.get('CompositionStatus'))
    if not all(
        status.get(name) in (True, 'true')
        for name in ('SharingCapable', 'SharingEnabled')
    ):
        return 1
    return count(status.get('MaxCompositions')) or None


def _is_full(body: JsonObject) -> bool:
    """Whether a block is part of as many systems as it can be."""
    most = sharing(body)
    listed = len(related(body, 'ComputerSystems'))
    status = obj(body.get('CompositionStatus'))
    reported = status.get('NumberOfCompositions')
    used = listed if reported is None else count(reported)
    if composition_state(body) == 'ComposedAndAvailable':
        # It is part of one at least.
        used = max(1, used)
    elif most == 1 and reported is None:
        # Its state decides: a permanent system is listed, too.
        used = 0
    return most is not None and used >= most


def state(body: JsonObject) -> str:
    """The state of a block: free, used or unavailable."""
    reported = composition_state(body)
    known = _STATES.get(str(reported), 'unavailable' if reported else 'free')
    if known != 'free':
        return known
    if resources.availability(body, used=False) == 'unavailable':
        return 'unavailable'
    return 'used' if is_reserved(body) or _is_full(body) else 'free'


def health(body: JsonObject) -> str:
    """The health of a block; one that failed to compose needs an operator."""
    if composition_state(body) == 'Failed':
        return 'critical'
    return resources.health(body)


def zones(body: JsonObject) -> list[str]:
    """The URIs of the zones that a block says it is in."""
    return related(body, 'Zones')


def mark(body: JsonObject) -> Mark | None:
    """The mark of the Valence node that a system was composed for."""
    for name in ('Description', 'Name', 'AssetTag', 'HostName'):
        found = find_mark(body.get(name))
        if found:
            return found
    return None


def read(crawler: Crawler, uris: Iterable[str]) -> Bodies:
    """Read blocks with all their parts, level by level."""
    bodies = crawler.get_many(uris)
    found = crawler.get_many(
        uri
        for body in bodies.values()
        for name in _PARTS
        for uri in links(body.get(name))
    )
    crawler.get_many(
        uri for body in found.values() for uri in links(body.get('Drives'))
    )
    return bodies


def parts(crawler: Crawler, body: JsonObject) -> dict[str, Bodies]:
    """The parts of a block that was read, by kind."""
    found = {
        name: crawler.get_many(links(body.get(name)))
        for name in ('Processors', 'Memory', 'EthernetInterfaces')
    }
    drives = links(body.get('Drives')) + _storage_drives(crawler, body)
    found['Drives'] = crawler.get_many(drives) | resources.simple_drives(
        crawler.get_many(links(body.get('SimpleStorage')))
    )
    return found


def _storage_drives(crawler: Crawler, body: JsonObject) -> list[str]:
    storages = crawler.get_many(links(body.get('Storage'))).values()
    return [uri for one in storages for uri in links(one.get('Drives'))]


def unread_parts(crawler: Crawler, body: JsonObject) -> set[str]:
    """The kinds of parts of a block that could not all be read."""
    inside = _storage_drives(crawler, body)
    return {
        name
        for name in resources.PART_FIELDS
        if has_malformed(body, name)
        or crawler.lacks(
            [*links(body.get(name)), *(inside if name == 'Storage' else ())]
        )
    }


def host_item(
    crawler: Crawler,
    uri: str,
    body: JsonObject,
    zone_uris: list[str],
    permanent: JsonObject | None,
    inner: hardware.Item | None,
) -> hardware.Item:
    """A block that can be the base of a node.

    :param zone_uris: the URIs of the zones that it is in.
    :param permanent: the expandable system that it is part of.
    :param inner: the system in the block, as an item of its own.
    """
    if inner is None:
        inner = _system_item(crawler, uri, body)
    values = dict(inner.values)
    unknown = set(inner.unknown)
    if crawler.lacks(all_systems(body)):
        unknown.update(_SYSTEM_FIELDS)
    chassis = related(body, 'Chassis')
    if permanent is not None:
        values['power_state'] = resources.power(permanent)
        values['hardware_uuid'] = text(permanent.get('UUID'))
    values.update(
        name=resources.name(body, uri),
        type='resource_block',
        zones=zone_uris,
        state=_host_state(body, permanent),
        health=health(body),
    )
    return hardware.Item(
        uri=uri,
        parent=chassis[0] if chassis else inner.parent,
        values=values,
        properties=body,
        unknown=unknown,
    )


def _system_item(
    crawler: Crawler, uri: str, body: JsonObject
) -> hardware.Item:
    """A block as a system of its own parts."""
    item = resources.system_item(uri, body, parts(crawler, body), used=False)
    item.values['nics'], unsure = nics.complete(
        crawler, uri, body, item.values['nics']
    )
    unread = unread_parts(crawler, body)
    if crawler.lacks(inner_systems(body)):
        unread = set(resources.PART_FIELDS)
    for kind in unread:
        item.unknown.update(resources.PART_FIELDS[kind])
    if unsure:
        item.unknown.add('nics')
    return item


def _host_state(body: JsonObject, permanent: JsonObject | None) -> str:
    known = state(body)
    if permanent is None or known == 'unavailable':
        return known
    if composition_state(body) == 'Composing' or is_reserved(body):
        return 'used'
    # A permanent system is free until something is added to it.
    taken = len(of_system(permanent)) > 1 or mark(permanent) is not None
    return 'used' if taken else 'free'
