# SPDX-License-Identifier: Apache-2.0
"""What drivers are given, and what they return; see ``base``."""

import dataclasses
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Protocol

from valence.common.identity import Mark
from valence.common.types import Requirements
from valence.podmanagers import hardware


@dataclasses.dataclass
class Probe:
    """What a pod manager reports of itself.

    :param service_uuid: the UUID of the service, if it has one.
    :param capabilities: those of the driver that this endpoint has.
    """

    service_uuid: str | None
    capabilities: frozenset[str]


@dataclasses.dataclass(frozen=True)
class ManagementTarget:
    """The computer system of a node, for others to manage by Redfish.

    :param uri: of the computer system.
    :param macs: the addresses of its network interfaces, in lower case.
    :param wiring: what is known of their connections, by address.
    """

    uri: str
    macs: tuple[str, ...]
    wiring: Mapping[str, hardware.Wiring] = dataclasses.field(
        default_factory=dict
    )


@dataclasses.dataclass(frozen=True)
class ComposeRequest:
    """What to compose.

    :param mark: of the Valence node; it is written to the pod manager, and
        the node is found again by it.
    :param requirements: what the user requested, in the form of
        ``objects.requirements``.
    :param system: the URI of the system that was claimed for it.
    :param devices: the URIs of the pooled devices that were claimed for it.
    """

    mark: Mark
    name: str
    requirements: Requirements
    system: str
    devices: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Reservation:
    """Hardware that a pod manager keeps for a node.

    :param mark: of the node that is to be composed of it.
    :param seconds: for how long the pod manager keeps it from the request
        on; None: not known.
    """

    uri: str
    mark: Mark
    seconds: float | None = None


@dataclasses.dataclass(frozen=True)
class Change:
    """What an event reports.

    :param uris: the resources that changed; empty: anything may have.
    :param nothing: whether it is about nothing in the inventory, such as a
        heartbeat, telemetry or the progress of a task.
    """

    uris: tuple[str, ...] = ()
    nothing: bool = False


class ChangeStream(Protocol):
    """Changes as they happen, until the stream ends or is closed."""

    def __iter__(self) -> Iterator[Change]:
        """The changes; iteration ends when the stream does."""

    def close(self) -> None:
        """End the stream, from any thread."""
