# SPDX-License-Identifier: Apache-2.0
"""URIs of nodes that are not finished.

Behind a ``#`` stands what the driver has to know to finish a node, or to find
it again; a fragment never goes over the wire. It survives a crash, for the URI
is all that is written down of a node.
"""

import urllib.parse
from collections.abc import Iterable

from valence.podmanagers import base
from valence.podmanagers import hardware


def split(uri: str) -> tuple[str, dict[str, list[str]]]:
    """A URI of ours in what goes over the wire and what stays behind."""
    real, _, behind = uri.partition('#')
    return real, urllib.parse.parse_qs(behind)


def pending(
    monitor: str, request: base.ComposeRequest, reserved: bool = False
) -> hardware.ComposedNode:
    """A node that is still being composed.

    :param monitor: the URI of the task, or of the reservation.
    """
    behind = urllib.parse.urlencode(
        {
            'marker': request.marker,
            'system': request.system,
            'device': request.devices,
            **({'reserved': 'yes'} if reserved else {}),
        },
        doseq=True,
        safe='/:',
    )
    return hardware.ComposedNode(
        uri=f'{monitor}#{behind}',
        index=monitor.rstrip('/').rpartition('/')[2][:255],
        name=request.name,
        marker=request.marker,
        power_state='unknown',
        resources=(request.system, *request.devices),
    )


def request(behind: dict[str, list[str]]) -> base.ComposeRequest:
    """What is left of a request in the URI of a node that is composed."""
    return base.ComposeRequest(
        marker=behind['marker'][0],
        name='',
        requirements={},
        system=behind.get('system', [''])[0],
        devices=tuple(behind.get('device', ())),
    )


def lacking(
    node: hardware.ComposedNode, devices: Iterable[str]
) -> hardware.ComposedNode:
    """A node whose URI tells which blocks have yet to be joined to it."""
    missing = [uri for uri in devices if uri not in node.resources]
    if missing:
        behind = urllib.parse.urlencode(
            {'join': missing}, doseq=True, safe='/:'
        )
        node.uri = f'{node.uri}#{behind}'
    return node
