# SPDX-License-Identifier: Apache-2.0
"""The contract between Valence and those who provision its nodes.

A provisioner knows a node by the node's own UUID, so that whatever was done
before a crash is found again. Every method can be repeated. It raises only
what ``valence.common.exception`` derives from ``ProvisioningError``, and
``InProgress`` while it has to be waited for; it never sleeps.
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

#: What a provisioner can be asked to do with a node, in this order.
GOALS = ('manage', 'inspect', 'provide')
#: The state of a node that is not there any more.
MISSING = 'missing'


@dataclasses.dataclass(frozen=True)
class Machine:
    """A node as it is told to those who will drive it.

    :param uuid: of the node, here and there.
    :param project_id: the project that it belongs to, if there are projects.
    :param address: URL of the Redfish service that shows it.
    :param system: path of its computer system there.
    :param auth_type: how to log in there: session or basic.
    :param insecure: whether its TLS certificate is left unchecked.
    :param macs: addresses of its network interfaces.
    :param cpus: hardware threads.
    :param disk_gib: capacity of its largest drive in GiB.
    :param architecture: of its processors, as the pod manager calls it.
    :param resource_class: what it is one of, if anybody said.
    :param traits: what else can be said of it, in capitals.
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
    """What provisions nodes; ``name`` is that of its entry point."""

    name: ClassVar[str]

    @abc.abstractmethod
    def state(self, uuid: str, deadline: Deadline) -> str | None:
        """The state that a node is in there; None: it is not there."""

    @abc.abstractmethod
    def states(
        self, uuids: Iterable[str], deadline: Deadline
    ) -> dict[str, str]:
        """The states of many nodes; ``MISSING`` for those not there."""

    @abc.abstractmethod
    def enrol(self, machine: Machine, deadline: Deadline) -> str:
        """Make a node known there, or bring it to what it should be.

        One that is at work already is left as it is.

        :returns: its state.
        """

    @abc.abstractmethod
    def connect(self, machine: Machine, deadline: Deadline) -> list[str]:
        """Make its network interfaces known there.

        :returns: the addresses that are known now.
        """

    @abc.abstractmethod
    def begin(self, uuid: str, goal: str, deadline: Deadline) -> None:
        """Ask for one of the ``GOALS``; one that is reached is well."""

    @abc.abstractmethod
    def reach(self, uuid: str, goal: str, deadline: Deadline) -> str:
        """See that a goal has been reached.

        :returns: the state of the node.
        :raises InProgress: while it is being worked at.
        :raises ProvisioningFailed: when it came to something else.
        """

    @abc.abstractmethod
    def withdraw(
        self, uuid: str, deadline: Deadline, *, undo: bool = False
    ) -> None:
        """Make a node unknown there; one that is not there is well.

        :param undo: whether work that nobody else asked for is stopped.
        :raises InProgress: while it cannot be yet; call again.
        :raises ProvisioningConflict: while it is in use; says what for.
        """
