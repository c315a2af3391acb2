# SPDX-License-Identifier: Apache-2.0
"""The contract between Valence and its drivers.

A driver knows one protocol and nothing else: it imports neither the API nor
the database. There is one instance for each pod manager, which many threads
use at once; it is replaced when URL or credentials change. It raises only what
``valence.common.exception`` derives from ``PodManagerError``, and
``InProgress``.

A driver may be closed and created again at any time, so it decides nothing by
what it has cached: it reads the pod manager, or what it recorded as
``Progress``. A method that changes hardware may be called again after a crash;
for ``compose``, which cannot be repeated, there is ``find_composed``.
"""

import abc
from collections.abc import Collection
from collections.abc import Iterable
from typing import ClassVar

from valence.common import exception
from valence.common.identity import Mark
from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.connection import Connection as Connection
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.terms import Change as Change
from valence.podmanagers.terms import ChangeStream as ChangeStream
from valence.podmanagers.terms import ComposeRequest as ComposeRequest
from valence.podmanagers.terms import ManagementTarget as ManagementTarget
from valence.podmanagers.terms import Probe as Probe
from valence.podmanagers.terms import Reservation as Reservation

RESET_TYPES = (
    *('On', 'ForceOff', 'GracefulShutdown', 'GracefulRestart'),
    *('ForceRestart', 'Nmi', 'ForceOn', 'PushPowerButton', 'PowerCycle'),
)

# What a driver, or an endpoint, may be able to do.
CAPABILITIES = {
    'compose': 'compose nodes',
    'release': 'release nodes',
    'reserve': 'reserve hardware for a node before it is composed',
    'reset': 'switch nodes on and off',
    'boot': 'choose what a node boots from',
    'attach': 'attach a pooled device to a node',
    'detach': 'detach a pooled device from a node',
    'erase': 'erase the drives of nodes that are released',
    'provision': 'show systems that others, such as Ironic, can manage',
    'event_stream': 'send events over an open stream',
    'event_subscription': 'deliver events to a URL',
}


def _unsupported(what: str) -> exception.RequestRejected:
    return exception.RequestRejected(
        reason=f'this pod manager does not support {what}'
    )


class Driver(abc.ABC):
    """Access to pod managers of one kind.

    ``name`` is that of its entry point, ``capabilities`` what it can do
    where the endpoint supports it.
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

        :raises PodManagerError: when it does not respond at all.
        """
        return False

    @classmethod
    def advice(cls, connection: Connection, deadline: Deadline) -> str | None:
        """What to do with an endpoint that no driver recognizes, for people.

        :raises PodManagerError: when this driver cannot read it either.
        """
        return None

    @abc.abstractmethod
    def probe(self, deadline: Deadline) -> Probe:
        """Check that the endpoint responds and accepts the credentials."""

    @abc.abstractmethod
    def discover(self, deadline: Deadline) -> hardware.Inventory:
        """Read everything the pod manager owns."""

    @abc.abstractmethod
    def refresh(
        self, uris: Iterable[str], deadline: Deadline
    ) -> hardware.Inventory:
        """Read single resources again, as :meth:`discover` would.

        :param uris: of systems, devices, chassis, nodes, or of what lies
            below one; what never changes the inventory is left out, the rest
            is ``unrecognized``.
        """

    @abc.abstractmethod
    def compose(
        self, request: ComposeRequest, deadline: Deadline, progress: Progress
    ) -> hardware.ComposedNode:
        """Begin to compose. Not idempotent: see :meth:`find_composed`.

        :param deadline: for the request and its response.
        :param progress: what has to happen before that request is recorded
            here. It is empty when the request is sent: from then on, what
            exists tells how far composing is.
        :raises InProgress: while its resources are being changed, possibly by
            an earlier such request: look for that, and call again.
        :raises NoMatch: when the pod manager has nothing that fits.
        """

    def find_composed(
        self, request: ComposeRequest, deadline: Deadline
    ) -> hardware.ComposedNode | None:
        """The node that an earlier :meth:`compose` of this request made."""
        for node in self.list_nodes(deadline):
            if request.mark.same_as(node.mark):
                return node
        return None

    def reserve(
        self, request: ComposeRequest, deadline: Deadline, progress: Progress
    ) -> Reservation:
        """Have the pod manager keep hardware for a node: ``reserve``.

        Not idempotent: see :meth:`list_reservations`. A later
        :meth:`compose` of a request with the same mark uses it up.

        :raises InProgress: while the pod manager is working on it, or does
            not show it yet; a later call with this progress sends no other
            request while a task is recorded.
        :raises NoMatch: when some of the hardware is not free.
        :raises RequestRejected: when it is never reserved.
        """
        raise _unsupported('reservations')

    def list_reservations(self, deadline: Deadline) -> list[Reservation]:
        """All reservations that have a mark of a node."""
        return []

    def unreserve(
        self, mark: Mark, deadline: Deadline, progress: Progress
    ) -> None:
        """Delete the reservations for a node; a no-op if there are none.

        :raises InProgress: until none is shown any more.
        """
        raise _unsupported('reservations')

    def service_uuid(self, deadline: Deadline) -> str | None:
        """The UUID of the service, read now; None if it has none."""
        return self.probe(deadline).service_uuid

    def node_uris(self, deadline: Deadline) -> set[str]:
        """The URIs of what exists where composed nodes appear.

        It may contain more than nodes. What is in it before a compose request
        was not made by that request.
        """
        return {node.uri for node in self.list_nodes(deadline)}

    def lists(self, uri: str, deadline: Deadline) -> bool:
        """Whether a node that cannot be read is listed all the same."""
        return uri in self.node_uris(deadline)

    @abc.abstractmethod
    def list_nodes(self, deadline: Deadline) -> list[hardware.ComposedNode]:
        """All nodes that exist on the pod manager."""

    @abc.abstractmethod
    def poll_compose(
        self, uri: str, deadline: Deadline, progress: Progress
    ) -> hardware.ComposedNode:
        """Bring a composed node to the point where it can be used.

        :param uri: what :meth:`compose` returned, which may be that of a
            task; the URI of the node is in what is returned here.
        :raises InProgress: while the pod manager is working on it.
        :raises NoMatch: when another node got its resources first.
        :raises PodManagerError: when composing failed.
        """

    @abc.abstractmethod
    def release(
        self,
        uri: str,
        deadline: Deadline,
        progress: Progress,
        erase: bool = False,
        parts: Collection[str] = (),
        existing: Collection[str] = (),
    ) -> bool:
        """Release a node; releasing one that no longer exists succeeds.

        A node is released also when the pod manager cannot erase it. The
        conductor looks whether it is: see ``outcomes``. If not, it calls
        again.

        :param uri: of the node, or what :meth:`compose` returned.
        :param deadline: for a request and its response. A pod manager may
            respond later, when all is erased: it is looked at until then.
        :param erase: erase its drives, where the pod manager does not do so
            by itself.
        :param parts: the URIs of what is allocated to the node. Where a node
            is only a group of parts, nothing else in it is released.
        :param existing: the URIs that existed before the node was requested.
            What has no mark, and one of these, is not what became of a task.
        :returns: whether all that was stored on it is known to be erased.
        :raises InProgress: while the pod manager is working on it.
        """

    @abc.abstractmethod
    def reset(
        self,
        uri: str,
        reset_type: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        """Switch a node on or off, or restart it; see ``power``.

        A type that cannot be repeated is sent at most once for a progress:
        that it is sent is recorded before.

        :param reset_type: one of ``RESET_TYPES``.
        :raises InProgress: until the power state is what was requested.
        :raises RequestRejected: for a type that the node does not support.
        """

    def set_boot(
        self,
        uri: str,
        override: BootOverride,
        deadline: Deadline,
        progress: Progress,
    ) -> str | None:
        """Choose what a node boots from.

        :returns: when it takes effect, if it is reported: Immediate,
            OnReset …
        :raises InProgress: until the node shows it.
        :raises RequestRejected: for what the node does not support.
        """
        raise _unsupported('boot overrides')

    def cancel(self, deadline: Deadline, progress: Progress) -> bool:
        """End the change that progress was recorded of.

        Work that the pod manager does not cancel runs to its end. What was
        done by then is not undone.

        :returns: whether there was anything to end.
        :raises InProgress: while it is still working on it.
        """
        return False

    def management_target(
        self, uri: str, deadline: Deadline
    ) -> ManagementTarget:
        """What others have to know to manage a node.

        :raises RequestRejected: where others cannot.
        """
        raise _unsupported('management by others')

    def attach(
        self, uri: str, resource: str, deadline: Deadline, progress: Progress
    ) -> None:
        """Attach a pooled device to a node; a no-op if it is attached.

        :param resource: the URI of the device.
        :raises InProgress: while the pod manager is working on it.
        """
        raise _unsupported('attaching devices')

    def detach(
        self, uri: str, resource: str, deadline: Deadline, progress: Progress
    ) -> None:
        """Detach a device from a node; a no-op if it is detached.

        :raises InProgress: while the pod manager is working on it.
        """
        raise _unsupported('detaching devices')

    def listen(self, deadline: Deadline) -> ChangeStream:
        """Open a stream of events.

        :param deadline: for opening it; it may stay open for ever.
        """
        raise _unsupported('event streams')

    def subscribe(self, destination: str, deadline: Deadline) -> str:
        """Subscribe to events; replaces one to the same destination.

        :param destination: the URL to deliver to, with its secret.
        :returns: the URI of the subscription.
        """
        raise _unsupported('event subscriptions')

    def check_subscription(
        self, subscription: str, destination: str, deadline: Deadline
    ) -> bool:
        """Whether a subscription exists and delivers to the destination."""
        return False

    def unsubscribe(self, subscription: str, deadline: Deadline) -> None:
        """Delete a subscription; a no-op if it does not exist."""
        raise _unsupported('event subscriptions')

    @classmethod
    def parse_event(cls, body: JsonObject) -> Change:
        """What the body of a delivered event reports."""
        return Change()

    @abc.abstractmethod
    def read_node(self, uri: str, deadline: Deadline) -> hardware.ComposedNode:
        """Read a node.

        :raises ResourceGone: when it does not exist any more.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Log out and close the connections; no request is sent any more.

        It may be called twice, and while other threads wait for responses.
        """
