# SPDX-License-Identifier: Apache-2.0
"""The contract between Valence and those who speak to pod managers.

A driver knows one protocol and nothing else: it imports neither the API nor
the database. It is made anew for a pod manager when its address or login
changes, is used by many threads at once, and raises only what
``valence.common.exception`` derives from ``PodManagerError``.

A method that changes hardware may be called again after a crash. What cannot
be repeated therefore has a ``find_…`` beside it, which tells whether it was
done.
"""

import abc
import dataclasses
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import ClassVar
from typing import Protocol

from valence.common import exception
from valence.common.types import Requirements
from valence.podmanagers import hardware

RESET_TYPES = (
    'On',
    'ForceOff',
    'GracefulShutdown',
    'GracefulRestart',
    'ForceRestart',
    'Nmi',
    'ForceOn',
    'PushPowerButton',
    'PowerCycle',
)

# What a driver, or an endpoint, may be able to do.
CAPABILITIES = {
    'compose': 'composes nodes',
    'release': 'takes nodes apart',
    'reset': 'switches nodes on and off',
    'boot': 'chooses what a node boots from',
    'attach': 'joins a pooled device to a node',
    'detach': 'takes a pooled device away from a node',
    'erase': 'erases the drives of nodes that are taken apart',
    'provision': 'shows computers that others, such as Ironic, can drive',
    'event stream': 'tells of changes over an open stream',
    'event subscription': 'delivers changes to a URL',
}
BOOT_ENABLED = ('Disabled', 'Once', 'Continuous')


class Deadline:
    """A moment of the monotonic clock after which nothing is begun.

    :param holds: whether anything may be begun at all; a conductor that was
        taken for dead may not.
    """

    def __init__(
        self, seconds: float, holds: Callable[[], bool] | None = None
    ) -> None:
        self.at = time.monotonic() + seconds
        self._holds = holds

    def left(self) -> float:
        """Seconds until then; not positive when nothing may be begun."""
        left = self.at - time.monotonic()
        if left > 0 and self._holds is not None and not self._holds():
            return 0.0
        return left

    def sooner(self, seconds: float) -> 'Deadline':
        """This deadline, or that many seconds from now if that is sooner."""
        until = min(self.at - time.monotonic(), seconds)
        return Deadline(until, self._holds)


@dataclasses.dataclass(frozen=True)
class Connection:
    """How to reach a pod manager and log in."""

    url: str
    username: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    auth_type: str = 'session'
    insecure: bool = False
    ca_cert: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass
class Probe:
    """What a pod manager says of itself.

    :param service_uuid: the UUID of the service, if it has one.
    :param capabilities: what this endpoint can do, of what the driver can.
    """

    service_uuid: str | None
    capabilities: frozenset[str]


@dataclasses.dataclass(frozen=True)
class ManagementTarget:
    """The computer of a node, for those who drive it by Redfish.

    :param uri: of the computer system.
    :param macs: the addresses of its network interfaces, in lower case.
    """

    uri: str
    macs: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class ComposeRequest:
    """What to compose.

    :param marker: the Valence node's UUID, by which it is found again.
    :param requirements: what is asked for, in the form of
        ``objects.requirements``.
    :param system: the URI of the system that was claimed for it.
    :param devices: the URIs of the pooled devices that were claimed for it.
    """

    marker: str
    name: str
    requirements: Requirements
    system: str
    devices: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Change:
    """What an event tells.

    :param uris: the resources that changed; empty: anything may have.
    """

    uris: tuple[str, ...] = ()


class ChangeStream(Protocol):
    """Changes as they happen, until the stream ends or is closed."""

    def __iter__(self) -> Iterator[Change]:
        """The changes; it ends when the stream does."""

    def close(self) -> None:
        """End the stream, from any thread."""


class InProgress(Exception):
    """Not an error: the pod manager is still working on it; poll again later.

    :param seconds: how long to wait before polling again.
    :param reason: the error to report when the caller gives up polling.
    """

    def __init__(
        self,
        seconds: float = 1,
        reason: str = 'timed out waiting for the pod manager',
    ) -> None:
        self.seconds = seconds
        self.reason = reason
        super().__init__(f'in progress; poll again in {seconds} s')


def _unsupported(what: str) -> exception.RequestRejected:
    return exception.RequestRejected(
        reason=f'the driver knows no {what} on this pod manager'
    )


class Driver(abc.ABC):
    """What Valence asks of a pod manager of one kind.

    ``name`` is that of its entry point, ``capabilities`` what it can do at
    all.
    """

    name: ClassVar[str]
    capabilities: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @classmethod
    def description(cls) -> str:
        """One line for people."""
        return (cls.__doc__ or '').strip().splitlines()[0]

    @classmethod
    def recognizes(cls, connection: Connection, deadline: Deadline) -> bool:
        """Whether the endpoint is of this driver's kind.

        :raises PodManagerError: when it does not answer at all.
        """
        return False

    @abc.abstractmethod
    def probe(self, deadline: Deadline) -> Probe:
        """Ask whether it is there, and takes our login."""

    @abc.abstractmethod
    def discover(self, deadline: Deadline) -> hardware.Inventory:
        """Read everything it owns."""

    @abc.abstractmethod
    def refresh(
        self, uris: Iterable[str], deadline: Deadline
    ) -> hardware.Inventory:
        """Read single resources anew, as :meth:`discover` would.

        :param uris: of systems, devices, chassis, nodes, or of what lies
            below one; those of no interest are left out, others are
            ``unrecognized``.
        """

    @abc.abstractmethod
    def compose(
        self, request: ComposeRequest, deadline: Deadline
    ) -> hardware.ComposedNode:
        """Begin to compose. Not repeatable: see ``find_composed``.

        :param deadline: the request is not sent after it, nor waited for.
        :raises InProgress: while its parts are busy, maybe with an earlier
            request of this kind; look for that, and call again.
        :raises NoMatch: when the pod manager has nothing that fits.
        """

    def find_composed(
        self, request: ComposeRequest, deadline: Deadline
    ) -> hardware.ComposedNode | None:
        """The node that an earlier ``compose`` of this request made."""
        for composed in self.list_nodes(deadline):
            if composed.marker == request.marker:
                return composed
        return None

    @abc.abstractmethod
    def list_nodes(self, deadline: Deadline) -> list[hardware.ComposedNode]:
        """All nodes that exist on the pod manager."""

    @abc.abstractmethod
    def poll_compose(
        self, uri: str, deadline: Deadline
    ) -> hardware.ComposedNode:
        """Bring a composed node to the point where it can be used.

        :param uri: what ``compose`` told, which may stand for its work under
            way; that of the node is another then, and is in what is returned.
        :raises InProgress: while the pod manager is still working on it.
        :raises NoMatch: when its parts went to somebody else meanwhile.
        :raises PodManagerError: when it failed.
        """

    @abc.abstractmethod
    def release(
        self, uri: str, deadline: Deadline, erase: bool = False
    ) -> bool:
        """Take a node apart; one that is gone already is well.

        That a pod manager cannot erase keeps no node from being taken apart.

        :param uri: of the node, or what ``compose`` told of it.
        :param erase: whether to have erased what is on its drives, where the
            pod manager does not do so anyhow.
        :returns: whether all that was stored on it is known to be erased.
        """

    @abc.abstractmethod
    def reset(self, uri: str, reset_type: str, deadline: Deadline) -> None:
        """Switch a node on or off, or restart it.

        :param reset_type: one of ``RESET_TYPES``.
        :raises RequestRejected: for a type that this node does not know.
        """

    def set_boot(
        self, uri: str, enabled: str, target: str, deadline: Deadline
    ) -> None:
        """Choose what a node boots from.

        :param enabled: one of ``BOOT_ENABLED``.
        :param target: such as Pxe or Hdd, as the node allows.
        :raises RequestRejected: for a target that this node does not know.
        """
        raise _unsupported('boot overrides')

    def management_target(
        self, uri: str, deadline: Deadline
    ) -> ManagementTarget:
        """What somebody else has to know who is to drive a node.

        :raises RequestRejected: where nobody else could.
        """
        raise _unsupported('computers that others could drive')

    def attach(self, uri: str, resource: str, deadline: Deadline) -> None:
        """Join a pooled device to a node; one that is joined is well.

        :param resource: the URI of the device.
        :raises InProgress: while the pod manager is working on it; call
            again.
        """
        raise _unsupported('attaching of devices')

    def detach(self, uri: str, resource: str, deadline: Deadline) -> None:
        """Take a device away from a node; one that is away is well.

        :raises InProgress: while the pod manager is working on it; call
            again.
        """
        raise _unsupported('detaching of devices')

    def listen(self, deadline: Deadline) -> ChangeStream:
        """Open a stream over which the pod manager tells of changes.

        :param deadline: when it has to be open; it may stay so for ever.
        """
        raise _unsupported('event streams')

    def subscribe(self, destination: str, deadline: Deadline) -> str:
        """Have changes delivered.

        A subscription to the same destination is taken over.

        :param destination: the URL to deliver to, with its secret.
        :returns: the URI of the subscription.
        """
        raise _unsupported('event subscriptions')

    def check_subscription(
        self, subscription: str, destination: str, deadline: Deadline
    ) -> bool:
        """Whether a subscription is there and delivers."""
        return False

    def unsubscribe(self, subscription: str, deadline: Deadline) -> None:
        """End a subscription; one that is gone is well."""
        raise _unsupported('event subscriptions')

    @classmethod
    def parse_event(cls, body: dict[str, Any]) -> Change:
        """What the body of a delivered event tells."""
        return Change()

    @abc.abstractmethod
    def read_node(self, uri: str, deadline: Deadline) -> hardware.ComposedNode:
        """Read a node anew.

        :raises ResourceGone: when it is not there any more.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Log out and let connections go; nothing is begun any more.

        It may be called again, and while other threads wait for answers.
        """
