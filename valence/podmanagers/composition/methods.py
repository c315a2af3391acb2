# SPDX-License-Identifier: Apache-2.0
"""The methods of composing that a service offers (DSP2050).

A service shows in its capabilities what a request may and must have. A request
is checked against them before it is sent.
"""

import dataclasses
from collections.abc import Mapping

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.composition import blocks
from valence.podmanagers.composition import required
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import links
from valence.podmanagers.wire.values import array
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects

_REQUIRED = '@Redfish.RequiredOnCreate'
_ALLOWED = '@Redfish.AllowableValues'
#: How capabilities mark what a request may have.
ACCEPTED = (
    _REQUIRED,
    '@Redfish.OptionalOnCreate',
    '@Redfish.SetOnlyOnCreate',
    '@Redfish.UpdatableAfterCreate',
)
_USE_CASES = {
    'ComputerSystemComposition': 'specific',
    'ComputerSystemConstrainedComposition': 'constrained',
}
# The kinds of methods, the best first.
_ORDER = ('specific', 'manifest', 'constrained')
COMPOSE = '#CompositionService.Compose'
# The block types that ResourceBlockLimits has limits for.
_LIMITED = (
    'Compute',
    'ComputerSystem',
    'Expansion',
    'Memory',
    'Network',
    'Processor',
    'Storage',
)

Bodies = Mapping[str, JsonObject]


@dataclasses.dataclass(frozen=True)
class Method:
    """One method of composing that a service offers.

    :param kind: specific (the request names blocks), constrained (it
        describes hardware) or manifest (the Compose action).
    :param target: the URI that the request is posted to.
    :param capabilities: the capabilities object; empty: nothing is required.
    :param zones: the URIs of the zones that it is valid for; empty: all.
    :param request_types: the allowable values of RequestType of the Compose
        action.
    """

    kind: str
    target: str
    capabilities: JsonObject = dataclasses.field(default_factory=dict)
    zones: frozenset[str] = frozenset()
    request_types: frozenset[str] = frozenset()

    @property
    def reserves(self) -> bool:
        """Whether it can reserve blocks before they are composed.

        Only what a service lists is sent: some compose when asked for a
        preview.
        """
        return {'PreviewReserve', 'Apply'} <= self.request_types

    @property
    def required(self) -> set[str]:
        """The names of the properties that a request must have."""
        return {
            key.removesuffix(_REQUIRED)
            for key, value in self.capabilities.items()
            if key.endswith(_REQUIRED) and value is True
        }

    @property
    def accepted(self) -> set[str]:
        """The names of the properties that a request may have."""
        return {
            key.partition('@')[0]
            for key in self.capabilities
            if key.endswith(ACCEPTED) and not key.startswith('@')
        }


def offered(
    client: Client,
    service: JsonObject,
    systems: str,
    deadline: Deadline,
) -> list[Method]:
    """The methods that a service offers, the best first.

    Older services show capabilities on each zone, as the white paper does;
    newer ones on the collection of systems.

    :param service: the CompositionService; empty where there is none.
    :param systems: the URI of the collection of systems.
    """
    found: list[Method] = []
    with Crawler(client, deadline) as crawler:
        places = [systems]
        collection = link(service.get('ResourceZones'))
        if collection:
            places += crawler.members(collection)
        for uri, body in crawler.get_many(places).items():
            found += _shown_on(crawler, uri, body, systems)
    by_manifest = manifest(client, service, found, deadline)
    if by_manifest is not None:
        found.append(by_manifest)
    # A service that shows nothing is likely to support the plainest method.
    found = found or [Method('specific', systems)]
    return sorted(found, key=lambda method: _ORDER.index(method.kind))


def composes(
    client: Client,
    service: JsonObject,
    systems: str,
    deadline: Deadline,
) -> bool:
    """Whether a service can compose systems in any way.

    Where systems cannot be created, neither by POST nor by the Compose action,
    blocks can be added to permanent ones.
    """
    if 'target' in obj(obj(service.get('Actions')).get(COMPOSE)):
        return True
    response = client.request('GET', systems, deadline)
    allowed = response.headers.get('Allow')
    if allowed is None or 'POST' in allowed.upper():
        return True
    with Crawler(client, deadline) as crawler:
        found = crawler.get_many(crawler.members(systems))
    return any(map(blocks.is_expandable, found.values()))


def _shown_on(
    crawler: Crawler, uri: str, body: JsonObject, systems: str
) -> list[Method]:
    """The methods that a zone, or the collection of systems, shows."""
    shown = obj(body.get('@Redfish.CollectionCapabilities'))
    result = []
    for entry in objects(shown.get('Capabilities')):
        kind = _USE_CASES.get(str(entry.get('UseCase')))
        if kind is None:
            continue
        capabilities = link(entry.get('CapabilitiesObject'))
        entry_links = obj(entry.get('Links'))
        zones = links(entry_links.get('RelatedItem'))
        result.append(
            Method(
                kind,
                link(entry_links.get('TargetCollection')) or systems,
                crawler.get(capabilities) if capabilities else {},
                frozenset(zones or ([uri] if uri != systems else ())),
            )
        )
    return result


def manifest(
    client: Client,
    service: JsonObject,
    others: list[Method],
    deadline: Deadline,
) -> Method | None:
    """The Compose action as a method, if the service has it.

    :param others: the other methods of the service.
    """
    if 'target' not in obj(obj(service.get('Actions')).get(COMPOSE)):
        return None
    action = actions.action(service, COMPOSE)
    types = actions.allowable(client, action, 'RequestType', deadline)
    specific = [method for method in others if method.kind == 'specific']
    return Method(
        'manifest',
        actions.target(action),
        specific[0].capabilities if specific else {},
        request_types=frozenset(map(str, types or ())),
    )


def choose(methods: list[Method], bodies: Bodies) -> Method:
    """The method for composing a system of these blocks.

    :raises NoMatch: when none is valid for a zone that has all of them.
    """
    shared = common_zones(bodies)
    for method in methods:
        if shared is None or not method.zones or method.zones & shared:
            return method
    raise exception.NoMatch(
        reason='the service composes nothing in '
        + (', '.join(sorted(shared or ())) or 'the zones of these blocks')
    )


def common_zones(bodies: Bodies) -> set[str] | None:
    """The zones that all blocks are in; None: they name no zones.

    :raises NoMatch: when there is none.
    """
    known = [set(blocks.zones(body)) for body in bodies.values()]
    known = [zones for zones in known if zones]
    if not known:
        return None
    shared = set.intersection(*known)
    if not shared:
        raise exception.NoMatch(
            reason=f'{", ".join(bodies)} are not in one zone'
        )
    return shared


def check(method: Method, body: JsonObject, bodies: Bodies) -> None:
    """Check that the service can fulfil a request.

    :raises InProgress: while blocks are being composed: that may be due to an
        earlier request whose response was lost.
    :raises NoMatch: when blocks are not free, too many or too few.
    :raises RequestRejected: when the service requires unknown properties.
    """
    for uri, block in bodies.items():
        if blocks.state(block) == 'free':
            continue
        reported = blocks.composition_state(block)
        if reported == 'Composing':
            raise InProgress(tasks.POLL_SECONDS)
        raise exception.NoMatch(
            reason=f'{uri} is {reported}, '
            f'reserved: {blocks.is_reserved(block)}'
        )
    _check_limits(method, bodies)
    missing = sorted(method.required - body.keys())
    if missing:
        raise exception.RequestRejected(
            reason=f'the service requires {", ".join(missing)}'
        )


def _check_limits(method: Method, bodies: Bodies) -> None:
    limits = obj(method.capabilities.get('@Redfish.ResourceBlockLimits'))
    for kind in _LIMITED:
        having = [b for b in bodies.values() if kind in blocks.types(b)]
        # A block of several types counts for the minimum of each, but for
        # the maximum of its main type only.
        leading = [b for b in having if _main_type(b) == kind]
        least, most = limits.get(f'Min{kind}'), limits.get(f'Max{kind}')
        if isinstance(least, int) and len(having) < least:
            raise exception.NoMatch(
                reason=f'a system has at least {least} {kind} blocks, '
                f'not {len(having)}'
            )
        if isinstance(most, int) and len(leading) > most:
            raise exception.NoMatch(
                reason=f'a system has at most {most} {kind} blocks, '
                f'not {len(leading)}'
            )


def _main_type(body: JsonObject) -> str:
    found = blocks.types(body)
    return 'Compute' if 'Compute' in found else found[0]


def body(method: Method, request: base.ComposeRequest) -> JsonObject:
    """The body of a request that names the claimed blocks."""
    uris = (request.system, *request.devices)
    result = identity(method, request)
    listed = [{'@odata.id': uri} for uri in uris]
    result['Links'] = {**obj(result.get('Links')), 'ResourceBlocks': listed}
    return result


def identity(method: Method, request: base.ComposeRequest) -> JsonObject:
    """The name and description of the system, with the node's mark.

    Only properties that the capabilities show are sent: services reject those
    that they do not know. All of them accept Name.
    """
    mark = str(request.mark)
    if 'Description' in method.accepted:
        result = {
            'Name': request.name,
            'Description': mark,
        }
    else:
        result = {'Name': mark}
    for name in ('Id', 'AssetTag', 'HostName'):
        allowed = array(method.capabilities.get(f'{name}{_ALLOWED}'))
        if name in method.required and not allowed:
            result[name] = mark
    return required.fill(result, method.capabilities)
