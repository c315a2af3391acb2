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
import enum
from collections.abc import Collection
from collections.abc import Mapping
from typing import ClassVar

from valence.common import exception
from valence.common.types import JsonObject
from valence.objects.registration import Registration
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress

__all__ = [
    'GOALS',
    'MISSING',
    'Deadline',
    'Kind',
    'Login',
    'Machine',
    'InProgress',
    'Port',
    'Provisioner',
    'Registration',
    'Restrictions',
    'Shown',
    'Site',
    'Use',
]

#: What a provisioner can be requested to do with a node, in this order.
GOALS = ('manage', 'inspect', 'provide')
#: The state of a node that no longer exists in the provisioner.
MISSING = 'missing'


@dataclasses.dataclass(frozen=True)
class Login:
    """Where and how a provisioner logs in to the hardware.

    :param address: URL of the Redfish service that manages it.
    :param revision: identifies all of this without disclosing the password.
    :param auth_type: authentication of that service: session or basic.
    :param insecure: whether not to verify the TLS certificate of the service.
    """

    address: str
    username: str | None
    password: str | None = dataclasses.field(repr=False)
    revision: str
    auth_type: str
    insecure: bool


@dataclasses.dataclass(frozen=True)
class Port:
    """A network interface of a node; None: not known.

    :param address: MAC address.
    :param local_link_connection: the port of the switch, as Ironic has it.
    :param pxe_enabled: whether it boots by PXE.
    """

    address: str
    local_link_connection: Mapping[str, str] | None = None
    physical_network: str | None = None
    pxe_enabled: bool | None = None


@dataclasses.dataclass(frozen=True)
class Site:
    """Where a node is, and what manages it in the provisioner.

    :param places: the names of what it is in: pod_manager, location, rack,
        chassis and place; what is not known is left out.
    :param conductor_group: None: none was chosen.
    :param shard: None: none was chosen.
    """

    places: Mapping[str, str]
    conductor_group: str | None = None
    shard: str | None = None


@dataclasses.dataclass(frozen=True)
class Restrictions:
    """Why a node has to be spared; None: no reason.

    The texts can be read by whoever uses the node.

    :param no_new_use: why nobody who does not have it yet should get it.
    :param no_change: why it should be left alone, as far as nobody requests
        anything.
    """

    no_new_use: str | None = None
    no_change: str | None = None


@dataclasses.dataclass(frozen=True)
class Machine(Login):
    """The properties of a node that a provisioner needs.

    :param uuid: UUID of the node, in Valence and in the provisioner.
    :param mark: what identifies the node of this Valence.
    :param registered: what was handed over earlier; None: nothing is known of
        that; empty: it was registered before that was recorded.
    :param project_id: the project that may use it, if any.
    :param system: path of its computer system in the Redfish service.
    :param ports: its network interfaces.
    :param site: where it is.
    :param cpus: number of hardware threads.
    :param disk_gib: capacity of its largest drive in GiB.
    :param architecture: architecture of its processors, as reported by the
        pod manager.
    :param boot_mode: the required one, as the pod manager calls it.
    :param resource_class: its resource class, if the request has one.
    :param traits: its traits, in capitals.
    """

    uuid: str
    mark: str
    registered: Registration | None
    name: str
    project_id: str | None
    system: str
    ports: tuple[Port, ...]
    site: Site
    cpus: int
    memory_mib: int
    disk_gib: int
    architecture: str | None
    boot_mode: str | None
    resource_class: str | None
    traits: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Shown:
    """A node as a provisioner shows it.

    :param registration: what it shows of what was handed over.
    :param status: maintenance and health; see ``managed_status`` of nodes.
    :param error: its last error.
    """

    state: str
    registration: Registration
    status: JsonObject | None = None
    error: str | None = None


class Kind(enum.Enum):
    """What can be done with a node.

    READY: an instance can get it. USED: an instance has it, or somebody keeps
    it from having one. COMING: the provisioner prepares it. IDLE: it waits for
    a request to be prepared. BROKEN: preparing it has failed.
    """

    READY = 'ready'
    USED = 'used'
    COMING = 'coming'
    IDLE = 'idle'
    BROKEN = 'broken'


@dataclasses.dataclass(frozen=True)
class Use:
    """What can be done with a node, and its state in the provisioner."""

    kind: Kind
    state: str


class Provisioner(abc.ABC):
    """A provisioner; ``name`` is the name of its entry point."""

    name: ClassVar[str]

    @abc.abstractmethod
    def state(self, uuid: str, deadline: Deadline) -> str | None:
        """The state of a node, or None if the provisioner shows no such node.

        That is no proof that there is none; see ``gone``.
        """

    @abc.abstractmethod
    def is_idle(self, state: str | None) -> bool:
        """Whether a node in a state can be removed: nobody uses it.

        :param state: as it was shown last; nothing is sent.
        """

    @abc.abstractmethod
    def look(
        self, uuids: Collection[str], deadline: Deadline
    ) -> dict[str, Shown]:
        """Those of several nodes that the provisioner shows."""

    def uses(
        self, classes: Collection[str], deadline: Deadline
    ) -> dict[str, Use]:
        """What can be done with the nodes that have some resource classes.

        :returns: by UUID; also nodes that are none of Valence.
        """
        raise exception.ProvisioningError(
            reason=f'{self.name} does not say which nodes are ready'
        )

    @abc.abstractmethod
    def gone(
        self,
        uuids: Collection[str],
        registered: Mapping[str, Registration],
        deadline: Deadline,
    ) -> set[str]:
        """Those of several nodes that certainly do not exist any more.

        A login that lost a permission is not shown nodes that exist, and what
        responds may not be the provisioner. So this needs a proof.

        :param uuids: nodes that the provisioner does not show.
        :param registered: what was handed over of all nodes that should exist.
        """

    @abc.abstractmethod
    def enroll(self, machine: Machine, deadline: Deadline) -> str:
        """Create a node, or update it.

        Of a node that is in use only the parameters of its hardware driver
        are updated.

        :returns: its state.
        """

    @abc.abstractmethod
    def create_ports(
        self, machine: Machine, deadline: Deadline
    ) -> Registration:
        """Create a port for each network interface of a node.

        :returns: what was handed over, with all its ports.
        """

    @abc.abstractmethod
    def update_login(
        self,
        uuid: str,
        login: Login,
        registered: Registration,
        deadline: Deadline,
    ) -> Registration:
        """Pass another address or password of the hardware on.

        :param registered: what was handed over.
        :returns: what is handed over now.
        """

    def update_site(
        self,
        uuid: str,
        site: Site,
        registered: Registration,
        deadline: Deadline,
    ) -> Registration:
        """Pass on that a node is elsewhere; nothing is sent if it is not.

        :param registered: what was handed over.
        :returns: what is handed over now.
        """
        return registered

    def restrict(
        self,
        uuid: str,
        shown: Shown,
        wanted: Restrictions,
        deadline: Deadline,
    ) -> bool:
        """Have a node spared, or end that; nothing is sent if it is so.

        What others have set stays.

        :param shown: the node as it was shown last.
        :returns: whether anything was changed.
        """
        return False

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
        self,
        uuid: str,
        registered: Mapping[str, Registration],
        deadline: Deadline,
        *,
        undo: bool = False,
        force: bool = False,
    ) -> None:
        """Remove a node; a no-op if it certainly does not exist.

        :param registered: what was handed over of all nodes; see ``gone``.
        :param undo: whether to abort work that this operation has requested.
        :param force: whether to remove it even if it is in use.
        :raises InProgress: while it cannot be removed yet; call again.
        :raises ProvisioningConflict: if it is in use, or if it is not certain
            that there is no such node; the reason says what to do.
        """
