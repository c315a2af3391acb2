# SPDX-License-Identifier: Apache-2.0
"""Nodes of an RSD pod manager: request bodies and responses."""

import re
from collections.abc import Callable
from typing import cast

from valence.common import exception
from valence.common.amounts import least
from valence.common.identity import find_mark
from valence.common.types import JsonObject
from valence.common.types import Part
from valence.common.types import Requirements
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import allowable
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.redfish.links import has_malformed
from valence.podmanagers.redfish.links import last_segment
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import links
from valence.podmanagers.redfish.links import related
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import text

# The links of a node to the resources that Valence has in its inventory; RSD
# 2.1 has drives where later versions have storage.
_RESOURCES = (
    *('ComputerSystem', 'Storage', 'LocalDrives', 'RemoteDrives'),
    'Processors',
)
# What RSD 1.2 calls a node that is assembled, and the word of 2.x.
ASSEMBLED = ('Assembled', 'PoweredOn', 'PoweredOff')
# A 409 names the filters of the pod manager, with the number of systems that
# pass each: "[available: 4 -> processors: 0 -> ...]".
_FILTER = re.compile(r'([a-z][a-z ]*):\s*(\d+)', re.IGNORECASE)
# RSD 2.3 renamed the actions of 2.1 and 2.2.
_ATTACH = ('.AttachResource', '.AttachEndpoint')
_DETACH = ('.DetachResource', '.DetachEndpoint')
_PROTOCOLS = {'drive': ('NVMe', 'PCIe'), 'volume': ('NVMeOverFabrics',)}
_INTERFACES = {'nvme': 'NVMe', 'sata': 'SATA', 'sas': 'SAS'}
_MEDIA = {'ssd': 'SSD', 'hdd': 'HDD'}
_TPMS = ('TPM1_2', 'TPM2_0', 'TCM1_0')


def composed(uri: str, body: JsonObject) -> hardware.ComposedNode:
    """A node."""
    return hardware.ComposedNode(
        uri=uri,
        index=str(body.get('Id') or last_segment(uri))[:255],
        name=resources.name(body, uri),
        mark=find_mark(body.get('Description')),
        power_state=resources.power(body),
        resources=tuple(
            uri for name in _RESOURCES for uri in related(body, name)
        ),
        resources_known=not has_malformed(body, *_RESOURCES)
        and (
            body.get('ComposedNodeState') not in ASSEMBLED
            or bool(related(body, 'ComputerSystem'))
        ),
        uuid=text(body.get('UUID')),
        allowable=allowable.at_hand(body),
    )


def allocation(
    client: Client,
    request: base.ComposeRequest,
    volumes: tuple[str, ...],
    deadline: Deadline,
) -> JsonObject:
    """The body that allocates a node of what was claimed.

    The request pins the processors, and with them the physical system that
    has all local parts, and each pooled drive and volume. It describes local
    drives only where no pooled ones are claimed.

    :param volumes: the URIs below which remote volumes are.
    """
    requirements = request.requirements
    body: JsonObject = {
        'Name': request.name,
        'Description': str(request.mark),
        **_totals(requirements),
    }
    processors = _pooled_processors(client, request.devices, deadline)
    others = [uri for uri in request.devices if uri not in processors]
    drives = _pinned_drives(others, volumes)
    if not others:
        drives['LocalDrives'] = _local_drives(requirements)
    described = {
        **drives,
        'EthernetInterfaces': _interfaces(requirements),
        'Memory': _pinned_memory(client, request, deadline),
        'Security': _security(requirements),
    }
    body.update({name: value for name, value in described.items() if value})
    body['Processors'] = [
        *_pinned_processors(client, request.system, deadline),
        *processors.values(),
    ]
    return body


def _local_drives(requirements: Requirements) -> list[JsonObject]:
    return [
        _drive(part)
        for part in requirements.get('storage', ())
        for _ in range(part['count'])
    ]


def _interfaces(requirements: Requirements) -> list[JsonObject]:
    return [
        _named(part, {'speed_mbps': 'SpeedMbps'})
        for part in requirements.get('network', ())
        for _ in range(part['count'])
    ]


def _pooled_processors(
    client: Client, uris: tuple[str, ...], deadline: Deadline
) -> dict[str, JsonObject]:
    """The claimed processors that are part of no system, by URI."""
    with Crawler(client, deadline) as crawler:
        found = crawler.get_many(uris)
        crawler.require_all()
    return {
        uri: {
            'Resource': {'@odata.id': uri},
            'ProcessorType': body['ProcessorType'],
        }
        for uri, body in found.items()
        if isinstance(body.get('ProcessorType'), str)
    }


def _pinned_drives(
    uris: list[str], volumes: tuple[str, ...]
) -> dict[str, list[JsonObject]]:
    """The claimed drives and volumes."""
    pins: dict[str, list[JsonObject]] = {'RemoteDrives': [], 'LocalDrives': []}
    for uri in uris:
        kind = 'RemoteDrives' if uri.startswith(volumes) else 'LocalDrives'
        pins[kind].append({'Resource': {'@odata.id': uri}})
    return pins


def _named(part: Part, names: dict[str, str]) -> JsonObject:
    """The least of the required numbers, by the names that Allocate has."""
    described = cast(JsonObject, part)
    return {
        key: value
        for name, key in names.items()
        if (value := least(described.get(name)))
    }


def _totals(requirements: Requirements) -> JsonObject:
    cores = least(requirements.get('processor', {}).get('total_cores'))
    memory = least(requirements.get('memory', {}).get('capacity_mib'))
    totals = {'TotalSystemCoreCount': cores, 'TotalSystemMemoryMiB': memory}
    return {name: value for name, value in totals.items() if value}


def _security(requirements: Requirements) -> JsonObject:
    """What is required of the TPM, which nothing else of a request pins."""
    tpm = requirements.get('security', {}).get('tpm')
    if tpm is None:
        return {}
    exact = {'TpmInterfaceType': tpm} if tpm in _TPMS else {}
    return {'TpmPresent': True, **exact}


def _members(
    client: Client, system_uri: str, name: str, deadline: Deadline
) -> dict[str, JsonObject]:
    """The parts of one kind of the claimed system.

    :param name: of the property that links their collection.
    :raises NoMatch: when it has none.
    :raises PodManagerUnavailable: when none of them can be read now.
    """
    lacking = f'the system {system_uri} has no {name.lower()}'
    collection = link(client.get(system_uri, deadline).get(name))
    if collection is None:
        raise exception.NoMatch(reason=lacking)
    with Crawler(client, deadline) as crawler:
        found = crawler.get_many(crawler.members(collection))
        if not found:
            crawler.require_all()
            raise exception.NoMatch(reason=lacking)
    return found


def _pinned_memory(
    client: Client, request: base.ComposeRequest, deadline: Deadline
) -> list[JsonObject]:
    """The memory modules of the claimed system, if it matters which."""
    memory = request.requirements.get('memory', {})
    if not memory.keys() - {'capacity_mib'}:
        return []
    found = _members(client, request.system, 'Memory', deadline)
    return [{'Resource': {'@odata.id': uri}} for uri in found]


def _pinned_processors(
    client: Client, system_uri: str, deadline: Deadline
) -> list[JsonObject]:
    """The processors of the claimed system.

    Accelerators are pinned with their type: without one, a CPU is allocated.
    """
    pins = []
    for uri, body in _members(
        client, system_uri, 'Processors', deadline
    ).items():
        pin: JsonObject = {'Resource': {'@odata.id': uri}}
        if body.get('ProcessorType') not in (None, 'CPU'):
            pin['ProcessorType'] = body['ProcessorType']
        pins.append(pin)
    return pins


def _drive(part: Part) -> JsonObject:
    """A local drive of the pinned system, in the terms of Allocate.

    What these lack, such as a model or one of several types, was compared with
    the drives of that system before.
    """
    described = cast(JsonObject, part)
    result = _named(part, {'capacity_gib': 'CapacityGiB', 'rpm': 'MinRPM'})
    for name, key, known in (
        ('type', 'Type', _MEDIA),
        ('protocol', 'Interface', _INTERFACES),
        ('interface', 'Interface', _INTERFACES),
    ):
        word = str(described.get(name)).lower()
        if word in known:
            result[key] = known[word]
    return result


def conflict_reason(response: Response) -> str:
    """Why nothing fits, from a 409: the first filter that no system passes."""
    message = errors.message(response)
    for name, left in _FILTER.findall(message.rpartition('[')[2]):
        if int(left) == 0:
            return f'no system passes the filter {name.strip()}: {message}'
    return message


def assemble(
    client: Client,
    uri: str,
    body: JsonObject,
    deadline: Deadline,
    progress: Progress,
) -> None:
    """Assemble a node that is allocated, once.

    :raises InProgress: while the pod manager is working on it.
    :raises Settling: when it did, and the node is still only allocated.
    """
    job = Job(client, progress, f'assemble {uri}')
    if job.answered:
        raise job.explained(Settling(f'{uri} is Allocated, not Assembled'))
    target = actions.target(actions.action(body, '.Assemble'))
    response = job.run(
        lambda: client.request('POST', target, deadline, {}, check=False),
        deadline,
    )
    if response is not None:
        errors.check(response, uri)


def attach(
    client: Client,
    uri: str,
    resource: str,
    deadline: Deadline,
    progress: Progress,
) -> None:
    """Attach a resource to a node; a no-op if it is attached.

    :raises InProgress: while the pod manager is working on it.
    :raises NoMatch: when the pod manager does not offer it to this node.
    """

    def request(body: JsonObject) -> tuple[str, JsonObject]:
        offered = _action(body, _ATTACH)
        allowed = actions.allowable(client, offered, 'Resource', deadline)
        if allowed is not None and resource not in links(allowed):
            raise exception.NoMatch(
                reason=f'{resource} cannot be attached to {uri}'
            )
        arguments: JsonObject = {'Resource': {'@odata.id': resource}}
        protocol = _protocol(client, offered, resource, deadline)
        if protocol is not None:
            arguments['Protocol'] = protocol
        return actions.target(offered), arguments

    job = Job(client, progress, f'attach {resource}')
    _change(client, uri, resource, True, request, deadline, job)


def detach(
    client: Client,
    uri: str,
    resource: str,
    deadline: Deadline,
    progress: Progress,
) -> None:
    """Detach a resource from a node; a no-op if it is detached.

    :raises InProgress: while the pod manager is working on it.
    """

    def request(body: JsonObject) -> tuple[str, JsonObject]:
        target = actions.target(_action(body, _DETACH))
        return target, {'Resource': {'@odata.id': resource}}

    job = Job(client, progress, f'detach {resource}')
    _change(client, uri, resource, False, request, deadline, job)


def _change(
    client: Client,
    uri: str,
    resource: str,
    joined: bool,
    request: Callable[[JsonObject], tuple[str, JsonObject]],
    deadline: Deadline,
    job: Job,
) -> None:
    """Attach or detach a resource, unless that is done.

    :param joined: whether it is to be part of the node.
    :param request: makes target and body of the request from the node.
    """
    response = job.resume(deadline)
    if response is None and not job.answered:
        body = client.get(uri, deadline)
        if (resource in composed(uri, body).resources) == joined:
            return
        target, arguments = request(body)
        response = job.send(
            lambda: client.request(
                'POST', target, deadline, arguments, check=False
            ),
            deadline,
        )
    if response is not None:
        if response.status == 409:
            raise exception.NoMatch(reason=errors.message(response))
        errors.check(response, uri)
    found = composed(uri, client.get(uri, deadline))
    if (resource in found.resources) != joined:
        shown = 'not part' if joined else 'still part'
        raise job.explained(
            Settling(
                f'{resource} is {shown} of {uri}, '
                f'{"attached" if joined else "detached"} was requested'
            )
        )


def _action(body: JsonObject, suffixes: tuple[str, ...]) -> JsonObject:
    for suffix in suffixes:
        if actions.offers(body, suffix):
            return actions.action(body, suffix)
    raise exception.RequestRejected(
        reason=f'{link(body)} has no action {" or ".join(suffixes)}'
    )


def _protocol(
    client: Client,
    offered: JsonObject,
    resource: str,
    deadline: Deadline,
) -> str | None:
    """The protocol to attach by, where the action lists several."""
    listed = actions.allowable(client, offered, 'Protocol', deadline)
    if not listed:
        return None
    kind = 'volume' if '/Volumes/' in resource else 'drive'
    return next((name for name in _PROTOCOLS[kind] if name in listed), None)
