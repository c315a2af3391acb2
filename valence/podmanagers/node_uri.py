# SPDX-License-Identifier: Apache-2.0
"""The URI of a node that is not complete yet.

All that Valence stores of a node is its URI. Until the node is complete, the
fragment of the URI says what is left to do, or how to find the node again; a
fragment is never sent to the service.
"""

import dataclasses
import urllib.parse
from collections.abc import Iterable

from valence.common import exception
from valence.common.identity import Mark
from valence.common.identity import find_mark
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers.progress import Deadline


@dataclasses.dataclass(frozen=True)
class NodeUri:
    """A parsed URI.

    :param uri: without the fragment: of the node, or of the task or
        reservation that becomes the node.
    :param mark: of the node, while that is a task or reservation.
    :param system: the system that is composed.
    :param devices: the devices that are composed.
    :param reserved: whether ``uri`` is that of a reservation.
    :param missing: the URIs of devices that are not attached yet.
    :param task: the URI of the task, where ``uri`` is that of its monitor.
    """

    uri: str
    mark: Mark | None = None
    system: str = ''
    devices: tuple[str, ...] = ()
    reserved: bool = False
    missing: tuple[str, ...] = ()
    task: str | None = None

    @classmethod
    def parse(cls, text: str) -> 'NodeUri':
        """The parts of a URI."""
        uri, _, fragment = text.partition('#')
        values = urllib.parse.parse_qs(fragment)
        return cls(
            uri,
            mark=_mark(next(iter(values.get('marker', ())), '')),
            system=next(iter(values.get('system', ())), ''),
            devices=tuple(values.get('device', ())),
            reserved='reserved' in values,
            missing=tuple(values.get('join', ())),
            task=next(iter(values.get('task', ())), None),
        )

    def __str__(self) -> str:
        values: dict[str, str | tuple[str, ...]] = {
            'marker': str(self.mark) if self.mark else (),
            'system': self.system or (),
            'device': self.devices,
            'reserved': 'yes' if self.reserved else (),
            'join': self.missing,
            'task': self.task or (),
        }
        fragment = urllib.parse.urlencode(values, doseq=True, safe='/:')
        return f'{self.uri}#{fragment}' if fragment else self.uri

    def request(self) -> base.ComposeRequest:
        """The request for the node, as far as the URI has it."""
        return base.ComposeRequest(
            mark=self.mark or Mark(''),
            name='',
            requirements={},
            system=self.system,
            devices=self.devices,
        )


def _mark(text: str) -> Mark | None:
    # Operations that began before marks had an installation have the UUID.
    return find_mark(text) or (Mark(text) if text else None)


def pending(
    uri: str,
    request: base.ComposeRequest,
    reserved: bool = False,
    task: str | None = None,
) -> hardware.ComposedNode:
    """A node that is still being composed.

    :param uri: of the task monitor, or of the reservation; empty where the
        service shows none.
    :param task: the URI of the task, where it is another one.
    """
    whole = NodeUri(
        uri,
        request.mark,
        request.system,
        request.devices,
        reserved,
        task=task,
    )
    return hardware.ComposedNode(
        uri=str(whole),
        index=uri.rstrip('/').rpartition('/')[2][:255],
        name=request.name,
        mark=request.mark,
        power_state='unknown',
        resources=(request.system, *request.devices),
    )


def created(
    driver: base.Driver,
    uri: str,
    request: base.ComposeRequest,
    deadline: Deadline,
) -> hardware.ComposedNode:
    """A node that the pod manager says it has created.

    It may not be readable yet: then only its URI is known.
    """
    try:
        return driver.read_node(uri, deadline)
    except (exception.ResourceGone, exception.Unreadable):
        return hardware.ComposedNode(
            uri=uri,
            index=uri.rstrip('/').rpartition('/')[2][:255],
            name=request.name,
            mark=None,
            power_state='unknown',
        )


def with_missing(
    node: hardware.ComposedNode, devices: Iterable[str]
) -> hardware.ComposedNode:
    """A node whose URI names the devices that are not attached yet."""
    missing = tuple(uri for uri in devices if uri not in node.resources)
    return dataclasses.replace(
        node, uri=str(NodeUri(node.uri, missing=missing))
    )
