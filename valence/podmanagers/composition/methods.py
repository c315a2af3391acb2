# SPDX-License-Identifier: Apache-2.0
"""How a DMTF composition service can be asked for a system (DSP2050).

An endpoint tells by its capabilities what it takes. A request is checked
against them before it is sent, and what comes back is put into the words of
``valence.common.exception``.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.composition import blocks as redfish_blocks
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import client as redfish_client
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.client import links
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.resources import obj
from valence.podmanagers.wire.client import Answer

_REQUIRED = '@Redfish.RequiredOnCreate'
_ACCEPTED = (
    _REQUIRED,
    '@Redfish.OptionalOnCreate',
    '@Redfish.SetOnlyOnCreate',
    '@Redfish.UpdatableAfterCreate',
)
_USE_CASES = {
    'ComputerSystemComposition': 'specific',
    'ComputerSystemConstrainedComposition': 'constrained',
}
_POLL_SECONDS = 1.0
COMPOSE = '#CompositionService.Compose'
# Messages of the Composition registry 1.1 that mean: not these blocks, now.
_NO_MATCH = (
    'NoResourceMatch',
    'ResourceBlockInUse',
    'SpecifiedResourceAlreadyReserved',
    'ConstrainedResourceAlreadyReserved',
    'ResourceBlockInvalid',
    'ResourceBlockNotFound',
    'IncompatibleZone',
)
# The capabilities name blocks by type; of several, the first tells.
_LIMITED = (
    'Compute',
    'ComputerSystem',
    'Expansion',
    'Memory',
    'Network',
    'Processor',
    'Storage',
)

Blocks = Mapping[str, dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Way:
    """One way to compose that an endpoint offers.

    :param kind: specific (by naming blocks), constrained (by telling what is
        wanted) or manifest (by the Compose action).
    :param target: where the request is posted to.
    :param capabilities: the capabilities object; empty: anything goes.
    :param zones: the URIs of the zones that it holds for; empty: all.
    :param request_types: what the Compose action says that it can do.
    """

    kind: str
    target: str
    capabilities: dict[str, Any] = dataclasses.field(default_factory=dict)
    zones: frozenset[str] = frozenset()
    request_types: frozenset[str] = frozenset()


def ways(
    client: Client,
    service: dict[str, Any],
    systems: str,
    deadline: base.Deadline,
) -> list[Way]:
    """The ways to compose that an endpoint offers, the best first.

    White paper and older services show capabilities on each zone, newer ones
    on the collection of systems.

    :param service: the CompositionService; empty where there is none.
    :param systems: the URI of the collection of systems.
    """
    found: list[Way] = []
    with Crawler(client, deadline, expand=False) as crawler:
        places = [systems]
        collection = link(service.get('ResourceZones'))
        if collection:
            places += crawler.members(collection)
        for uri, body in crawler.get_many(places).items():
            found += _ways_of(crawler, uri, body, systems)
    if 'target' in obj(obj(service.get('Actions')).get(COMPOSE)):
        found.append(_manifest(client, service, found, deadline))
    if not found:
        # Nothing is told: the plainest way is the likeliest.
        return [Way('specific', systems)]
    order = ('specific', 'manifest', 'constrained')
    return sorted(found, key=lambda way: order.index(way.kind))


def _ways_of(
    crawler: Crawler, uri: str, body: dict[str, Any], systems: str
) -> list[Way]:
    told = obj(body.get('@Redfish.CollectionCapabilities'))
    listed = told.get('Capabilities')
    result = []
    for entry in map(obj, listed if isinstance(listed, list) else ()):
        kind = _USE_CASES.get(str(entry.get('UseCase')))
        if kind is None:
            continue
        capabilities = link(entry.get('CapabilitiesObject'))
        known = crawler.get_many([capabilities]) if capabilities else {}
        related = obj(entry.get('Links'))
        zones = links(related.get('RelatedItem'))
        result.append(
            Way(
                kind,
                link(related.get('TargetCollection')) or systems,
                known.get(capabilities or '', {}),
                frozenset(zones or ([uri] if uri != systems else ())),
            )
        )
    return result


def _manifest(
    client: Client,
    service: dict[str, Any],
    others: list[Way],
    deadline: base.Deadline,
) -> Way:
    offered = actions.action(service, COMPOSE)
    types = actions.allowable(client, offered, 'RequestType', deadline)
    specific = [way for way in others if way.kind == 'specific']
    return Way(
        'manifest',
        actions.target(service, COMPOSE),
        specific[0].capabilities if specific else {},
        request_types=frozenset(map(str, types or ())),
    )


def choose(offered: list[Way], blocks: Blocks) -> Way:
    """The way to compose a system of these blocks.

    :raises NoMatch: when no way holds for a zone that they all lie in.
    """
    shared = common_zones(blocks)
    for way in offered:
        if shared is None or not way.zones or way.zones & shared:
            return way
    raise exception.NoMatch(
        reason='nothing can be composed in '
        + (', '.join(sorted(shared or ())) or 'the zones of these blocks')
    )


def common_zones(blocks: Blocks) -> set[str] | None:
    """The zones that all blocks lie in; None: they know of no zones.

    :raises NoMatch: when there is none.
    """
    known = [set(redfish_blocks.zones(body)) for body in blocks.values()]
    known = [zones for zones in known if zones]
    if not known:
        return None
    shared = set.intersection(*known)
    if not shared:
        raise exception.NoMatch(
            reason=f'{", ".join(blocks)} do not lie in one zone'
        )
    return shared


def check(way: Way, body: dict[str, Any], blocks: Blocks) -> None:
    """See that a request is one that the endpoint can fulfil.

    :raises InProgress: while blocks are being composed: an earlier request
        whose response was lost may be doing that.
    :raises NoMatch: when blocks are not free, or too many or too few.
    :raises RequestRejected: when it wants to be told what is not known.
    """
    for uri, block in blocks.items():
        if redfish_blocks.state(block) != 'free':
            told = obj(block.get('CompositionStatus'))
            if told.get('CompositionState') == 'Composing':
                raise base.InProgress(_POLL_SECONDS)
            raise exception.NoMatch(
                reason=f'{uri} is {told.get("CompositionState")}, '
                f'reserved: {told.get("Reserved", False)}'
            )
    _check_limits(way, blocks)
    missing = [
        name
        for key, value in way.capabilities.items()
        if key.endswith(_REQUIRED)
        and value is True
        and (name := key.removesuffix(_REQUIRED)) not in body
    ]
    if missing:
        raise exception.RequestRejected(
            reason=f'it wants to be told {", ".join(missing)}'
        )


def _check_limits(way: Way, blocks: Blocks) -> None:
    limits = obj(way.capabilities.get('@Redfish.ResourceBlockLimits'))
    for kind in _LIMITED:
        having = [b for b in blocks.values() if kind in _types(b)]
        # A block of two types counts as both where there have to be some.
        leading = [b for b in having if _types(b)[0] == kind]
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


def _types(body: dict[str, Any]) -> list[str]:
    found = redfish_blocks.types(body)
    return sorted(found, key=lambda kind: kind != 'Compute')


def body(way: Way, request: base.ComposeRequest) -> dict[str, Any]:
    """The body that asks for a system of the blocks that were claimed."""
    uris = (request.system, *request.devices)
    return {
        **names(way, request),
        'Links': {'ResourceBlocks': [{'@odata.id': uri} for uri in uris]},
    }


def names(way: Way, request: base.ComposeRequest) -> dict[str, Any]:
    """What the system is called, our marker in it.

    Only what the capabilities announce is sent: services refuse what they do
    not know. Name is the one thing that all of them take.
    """
    announced = {
        key.partition('@')[0]
        for key in way.capabilities
        if key.endswith(_ACCEPTED) and not key.startswith('@')
    }
    required = {
        key.removesuffix(_REQUIRED)
        for key, value in way.capabilities.items()
        if key.endswith(_REQUIRED) and value is True
    }
    mark = f'valence-{request.marker}'
    if 'Description' in announced:
        result = {
            'Name': request.name,
            'Description': f'Valence node {request.marker}',
        }
    else:
        result = {'Name': mark}
    # Of what else is demanded, that can be told.
    more = {'Id': mark, 'AssetTag': mark, 'HostName': mark}
    return result | {name: more[name] for name in required & more.keys()}


def send(
    client: Client, way: Way, body: dict[str, Any], deadline: base.Deadline
) -> Answer:
    """Ask for a system.

    Blocks are reserved before a manifest is applied, where the service says
    that it can: there are services that compose at a mere preview.

    :raises NoMatch: for a lost race, and for lack of what was asked for.
    """
    if way.kind != 'manifest':
        return _post(client, way.target, body, deadline)
    stanza = {
        'StanzaType': 'ComposeSystem',
        'StanzaId': 'Valence',
        'Request': body,
    }
    held = None
    if {'PreviewReserve', 'Apply'} <= way.request_types:
        preview = _post(
            client,
            way.target,
            _manifest_body('PreviewReserve', stanza),
            deadline,
        )
        told = preview.body.get('ReservationId')
        held = told if isinstance(told, str) else None
    return _post(
        client, way.target, _manifest_body('Apply', stanza, held), deadline
    )


def apply(
    client: Client,
    service: dict[str, Any],
    stanza: dict[str, Any],
    reservation: str,
    deadline: base.Deadline,
) -> Answer:
    """Compose what was reserved before.

    :param service: the CompositionService.
    """
    target = actions.target(service, COMPOSE)
    body = _manifest_body('Apply', stanza, reservation)
    return _post(client, target, body, deadline)


def _post(
    client: Client, uri: str, body: dict[str, Any], deadline: base.Deadline
) -> Answer:
    answer = client.request('POST', uri, deadline, body, check=False)
    check_answer(client, answer, uri)
    return answer


def _manifest_body(
    request_type: str,
    stanza: dict[str, Any],
    reservation: str | None = None,
) -> dict[str, Any]:
    """The body of the Compose action with a manifest of one stanza."""
    result: dict[str, Any] = {
        'RequestFormat': 'Manifest',
        'RequestType': request_type,
        'Manifest': {
            'Description': 'Valence',
            'Expand': 'None',
            'Stanzas': [stanza],
        },
    }
    if reservation is not None:
        result['ReservationId'] = reservation
    return result


def made(answer: Answer) -> str | None:
    """The URI of the system that an answer of success tells of.

    The Location header, or the body that was returned in its stead; of a
    manifest, what its stanza came to.

    :raises PodManagerError: when a stanza came to an error.
    """
    stanzas = obj(answer.body.get('Manifest')).get('Stanzas')
    if isinstance(stanzas, list):
        for response in (obj(obj(s).get('Response')) for s in stanzas):
            if 'error' in response:
                failed = Answer(400, response, None, {})
                raise _refusal(failed) or exception.RequestRejected(
                    reason=redfish_client.words(failed)
                )
            if link(response):
                return link(response)
        return None
    if answer.location:
        return answer.location
    # A Task is not what was made, though it has a URI as well.
    if 'TaskState' in answer.body:
        return None
    return link(answer.body)


def check_answer(client: Client, answer: Answer, uri: str) -> None:
    """Raise what an answer that says no to composing means.

    :raises NoMatch: for a lost race, and for lack of what was asked for.
    :raises PodManagerError: for anything else.
    """
    refusal = _refusal(answer)
    if refusal is not None:
        raise refusal
    client.check(answer, uri)


def _refusal(answer: Answer) -> exception.NoMatch | None:
    if not 400 <= answer.status < 500:
        return None
    if answer.status == 409 or message_ids(answer).intersection(_NO_MATCH):
        return exception.NoMatch(reason=redfish_client.words(answer))
    return None


def message_ids(answer: Answer) -> set[str]:
    """The ids of an error's messages, without registry and version."""
    error = obj(answer.body.get('error'))
    extended = error.get('@Message.ExtendedInfo')
    extended = extended if isinstance(extended, list) else [extended]
    ids = [error.get('code'), *(obj(i).get('MessageId') for i in extended)]
    return {str(found).rpartition('.')[2] for found in ids if found}
