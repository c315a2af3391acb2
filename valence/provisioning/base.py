# SPDX-License-Identifier: Apache-2.0
"""The contract between Valence and provisioners.

A provisioner identifies a node by the UUID that it has in Valence, so that a
step can find after a crash what it has done before. Every method can be
repeated. It raises only subclasses of ``ProvisioningError`` of
``valence.common.exception``, and ``InProgress`` if it has to be called again
later; it never sleeps.
"""

import abc
import dataclasses
from collections.abc import Iterable
from typing import ClassVar

from valence.podmanagers.base import Deadline
from valence.podmanagers.base import InProgress

__all__ = [
    'GOALS',
    'MISSING',
    'Deadline',
    'Machine',
    'InProgress',
    'Provisioner',
]

#: What a provisioner can be requested to do with a node, in this order.
GOALS = ('manage', 'inspect', 'provide')
#: The state of a node that no longer exists in the provisioner.
MISSING = 'missing'


@dataclasses.dataclass(frozen=True)
class Machine:
    """The properties of a node that a provisioner needs.

    :param uuid: UUID of the node, in Valence and in the provisioner.
    :param project_id: the project that may use it, if any.
    :param address: URL of the Redfish service that manages it.
    :param system: path of its computer system in that service.
    :param auth_type: authentication of that service: session or basic.
    :param insecure: whether not to verify the TLS certificate of the service.
    :param macs: MAC addresses of its network interfaces.
    :param cpus: number of hardware threads.
    :param disk_gib: capacity of its largest drive in GiB.
    :param architecture: architecture of its processors, as reported by the
        pod manager.
    :param resource_class: its resource class, if the request has one.
    :param traits: its traits, in capitals.
    """

    uuid: str
    name: str
    project_id: str | None
    address: str
    system: str
    username: str | None
    password: str | None = dataclasses.field(repr=False)
    auth_type: str
    insecure: bool
    macs: tuple[str, ...]
    cpus: int
    memory_mib: int
    disk_gib: int
    architecture: str | None
    resource_class: str | None
    traits: tuple[str, ...]


class Provisioner(abc.ABC):
    """A provisioner; ``name`` is the name of its entry point."""

    name: ClassVar[str]

    @abc.abstractmethod
    def state(self, uuid: str, deadline: Deadline) -> str | None:
        """The state of a node, or None if the provisioner has no such node."""

    @abc.abstractmethod
    def states(
        self, uuids: Iterable[str], deadline: Deadline
    ) -> dict[str, str]:
        """The states of several nodes; ``MISSING`` for a missing node."""

    @abc.abstractmethod
    def enroll(self, machine: Machine, deadline: Deadline) -> str:
        """Create a node, or update it.

        A node that is in use is left unchanged.

        :returns: its state.
        """

    @abc.abstractmethod
    def create_ports(self, machine: Machine, deadline: Deadline) -> list[str]:
        """Create a port for each network interface of a node.

        :returns: the MAC addresses of all its ports.
        """

    @abc.abstractmethod
    def request_goal(self, uuid: str, goal: str, deadline: Deadline) -> None:
        """Request one of the ``GOALS``; a no-op if the node has reached it."""

    @abc.abstractmethod
    def poll_goal(self, uuid: str, goal: str, deadline: Deadline) -> str:
        """Check that a node has reached a goal.

        :returns: the state of the node.
        :raises InProgress: while the provisioner works on it.
        :raises ProvisioningFailed: if the node reached another state.
        """

    @abc.abstractmethod
    def remove(
        self, uuid: str, deadline: Deadline, *, undo: bool = False
    ) -> None:
        """Remove a node; a no-op if there is no such node.

        :param undo: whether to abort work that this operation has requested.
        :raises InProgress: while it cannot be removed yet; call again.
        :raises ProvisioningConflict: if it is in use; the reason tells how.
        """
