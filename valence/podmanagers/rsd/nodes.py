# SPDX-License-Identifier: Apache-2.0
"""What an RSD pod manager is asked of nodes: the bodies, and the answers."""

import re
from typing import Any

from valence.common import exception
from valence.common.types import Part
from valence.common.types import Requirements
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import client as redfish_client
from valence.podmanagers.redfish import resources as redfish_inventory
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.client import links
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.resources import obj
from valence.podmanagers.wire.client import Answer

# Where a node tells what it is made of, of what Valence keeps by itself; RSD
# 2.1 had drives where later ones have storage.
_RESOURCES = ('ComputerSystem', 'Storage', 'LocalDrives', 'RemoteDrives')
# The filters of a pod manager, which tell with a 409 how many systems each
# has left: "[available: 4 -> processors: 0 -> ...]".
_FILTER = re.compile(r'([a-z][a-z ]*):\s*(\d+)', re.IGNORECASE)
# 2.3 renamed the actions of 2.1 and 2.2.
_ATTACH = ('.AttachResource', '.AttachEndpoint')
_DETACH = ('.DetachResource', '.DetachEndpoint')
_PROTOCOLS = {'drive': ('NVMe', 'PCIe'), 'volume': ('NVMeOverFabrics',)}


def composed(uri: str, body: dict[str, Any]) -> hardware.ComposedNode:
    """A node as the pod manager tells it."""
    parts = obj(body.get('Links'))
    return hardware.ComposedNode(
        uri=uri,
        index=str(body.get('Id') or uri.rstrip('/').rpartition('/')[2])[:255],
        name=redfish_inventory.name(body, uri),
        marker=redfish_inventory.marker(body.get('Description')),
        power_state=redfish_inventory.power(body),
        resources=tuple(
            uri for name in _RESOURCES for uri in links(parts.get(name))
        ),
    )


def allocation(
    client: Client,
    request: base.ComposeRequest,
    volumes: tuple[str, ...],
    deadline: base.Deadline,
) -> dict[str, Any]:
    """The body that asks for a node of what was claimed.

    The processors are pinned, and with them the one physical system that all
    local parts have to lie in; pooled drives and volumes are pinned one by
    one. Local drives are told only where nothing pooled stands in for them.

    :param volumes: the URIs below which remote volumes lie.
    """
    wanted = request.requirements
    body: dict[str, Any] = {
        'Name': request.name,
        'Description': f'Valence node {request.marker}',
        **_totals(wanted),
    }
    pinned = {'RemoteDrives': [], 'LocalDrives': []}  # type: dict[str, Any]
    for uri in request.devices:
        kind = 'RemoteDrives' if uri.startswith(volumes) else 'LocalDrives'
        pinned[kind].append({'Resource': {'@odata.id': uri}})
    if not request.devices:
        pinned['LocalDrives'] = [
            _drive(wish)
            for wish in wanted.get('storage', ())
            for _ in range(wish['count'])
        ]
    nics = [
        {'SpeedMbps': wish['speed_mbps']} if 'speed_mbps' in wish else {}
        for wish in wanted.get('network', ())
        for _ in range(wish['count'])
    ]
    body.update({name: value for name, value in pinned.items() if value})
    if nics:
        body['EthernetInterfaces'] = nics
    body['Processors'] = _pins(client, request.system, deadline)
    return body


def _totals(wanted: Requirements) -> dict[str, Any]:
    body: dict[str, Any] = {}
    processor = wanted.get('processor', {})
    memory = wanted.get('memory', {})
    if 'total_cores' in processor:
        body['TotalSystemCoreCount'] = processor['total_cores']
    if 'capacity_mib' in memory:
        body['TotalSystemMemoryMiB'] = memory['capacity_mib']
    if 'type' in memory:
        body['Memory'] = [{'MemoryDeviceType': memory['type'].upper()}]
    return body


def _pins(
    client: Client, system_uri: str, deadline: base.Deadline
) -> list[dict[str, Any]]:
    """The processors of the system that the node is to be made of.

    Accelerators are pinned as what they are: without a type a CPU is meant.
    """
    system = client.get(system_uri, deadline)
    collection = link(system.get('Processors'))
    if collection is None:
        raise exception.NoMatch(
            reason=f'the system {system_uri} has no processors'
        )
    with Crawler(client, deadline, expand=False) as crawler:
        found = crawler.get_many(crawler.members(collection))
    if not found:
        raise exception.NoMatch(
            reason=f'the processors of {system_uri} cannot be read'
        )
    pins = []
    for uri, body in found.items():
        pin: dict[str, Any] = {'Resource': {'@odata.id': uri}}
        if body.get('ProcessorType') not in (None, 'CPU'):
            pin['ProcessorType'] = body['ProcessorType']
        pins.append(pin)
    return pins


def _drive(wish: Part) -> dict[str, Any]:
    names = {
        'capacity_gib': 'CapacityGiB',
        'type': 'Type',
        'protocol': 'Interface',
    }
    spelt = {'nvme': 'NVMe', 'sata': 'SATA', 'sas': 'SAS'}
    result = {}
    for name, key in names.items():
        value = wish.get(name)
        if isinstance(value, str):
            value = spelt.get(value.lower(), value.upper())
        if value is not None:
            result[key] = value
    return result


def why_not(answer: Answer) -> str:
    """Why nothing fits, of a 409: what was lacking, and the manager's words.

    It tells how many systems each of its filters has left; the first that
    left none names what is lacking.
    """
    said = redfish_client.words(answer)
    for name, left in _FILTER.findall(said.rpartition('[')[2]):
        if int(left) == 0:
            return f'no system is left by {name.strip()}: {said}'
    return said


def attach(
    client: Client, uri: str, resource: str, deadline: base.Deadline
) -> None:
    """Join a resource to a node; one that is joined is well.

    :raises NoMatch: when the pod manager does not offer it to this node.
    """
    body = client.get(uri, deadline)
    if resource in composed(uri, body).resources:
        return
    offered = _offered(body, _ATTACH)
    allowed = actions.allowable(client, offered, 'Resource', deadline)
    if allowed is not None and resource not in links(allowed):
        raise exception.NoMatch(
            reason=f'{resource} cannot be attached to {uri}'
        )
    arguments: dict[str, Any] = {'Resource': {'@odata.id': resource}}
    protocol = _protocol(client, offered, resource, deadline)
    if protocol is not None:
        arguments['Protocol'] = protocol
    _post(client, offered, arguments, deadline)


def detach(
    client: Client, uri: str, resource: str, deadline: base.Deadline
) -> None:
    """Take a resource away from a node; one that is away is well."""
    body = client.get(uri, deadline)
    if resource not in composed(uri, body).resources:
        return
    arguments = {'Resource': {'@odata.id': resource}}
    _post(client, _offered(body, _DETACH), arguments, deadline)


def _offered(
    body: dict[str, Any], suffixes: tuple[str, ...]
) -> dict[str, Any]:
    for suffix in suffixes:
        if actions.offers(body, suffix):
            return actions.action(body, suffix)
    raise exception.RequestRejected(
        reason=f'{link(body)} offers none of {", ".join(suffixes)}'
    )


def _protocol(
    client: Client,
    offered: dict[str, Any],
    resource: str,
    deadline: base.Deadline,
) -> str | None:
    """The protocol to attach by, where several are told to choose from."""
    told = actions.allowable(client, offered, 'Protocol', deadline)
    if not told:
        return None
    kind = 'volume' if '/Volumes/' in resource else 'drive'
    return next((name for name in _PROTOCOLS[kind] if name in told), None)


def _post(
    client: Client,
    offered: dict[str, Any],
    arguments: dict[str, Any],
    deadline: base.Deadline,
) -> None:
    target = offered.get('target')
    if not isinstance(target, str):
        raise exception.RequestRejected(reason='the action has no target')
    answer = client.request('POST', target, deadline, arguments, check=False)
    watched = tasks.monitor(answer)
    if answer.status == 202 and watched is not None:
        answer = tasks.wait(client, watched, deadline)
    if answer.status == 409:
        raise exception.NoMatch(reason=redfish_client.words(answer))
    client.check(answer, target)
