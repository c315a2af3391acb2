# SPDX-License-Identifier: Apache-2.0
"""Reservations of blocks for nodes that are not requested yet (DSP2050).

The manifest that is reserved is the one that would compose the node, so the
reservation has its mark. Composing the node applies it, whatever method the
service prefers: see ``pending``.
"""

import re

from valence.common import exception
from valence.common.identity import Mark
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.composition import discovery
from valence.podmanagers.composition import methods
from valence.podmanagers.composition import reservations
from valence.podmanagers.composition import submission
from valence.podmanagers.composition.lookup import Lookup
from valence.podmanagers.composition.lookup import systems_uri
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.redfish.links import last_segment
from valence.podmanagers.redfish.links import links
from valence.podmanagers.wire.values import text

# The duration of reservations: days, hours, minutes and seconds (ISO 8601).
_DURATION = re.compile(
    r'P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?'
)
_SECONDS = (86400, 3600, 60, 1)


class Holding:
    """Reserves blocks, and gives them back."""

    def __init__(self, client: Client, lookup: Lookup) -> None:
        self._client = client
        self._lookup = lookup

    def is_offered(
        self, service: JsonObject, places: dict[str, str], deadline: Deadline
    ) -> bool:
        """Whether a service lists what reserves blocks, and shows the result.

        :param service: the CompositionService.
        """
        if 'reservations' not in places:
            return False
        method = methods.manifest(self._client, service, [], deadline)
        return method is not None and method.reserves

    def reserve(
        self,
        request: base.ComposeRequest,
        deadline: Deadline,
        progress: Progress,
    ) -> base.Reservation:
        """See ``base.Driver.reserve``."""
        _, service, places = self._lookup.places(deadline)
        offered = methods.offered(
            self._client, service, systems_uri(places), deadline
        )
        method = next((one for one in offered if one.reserves), None)
        if method is None or 'reservations' not in places:
            raise exception.RequestRejected(
                reason='the service does not list PreviewReserve'
            )
        body = methods.body(method, request)
        if not submission.is_reserving(self._client, progress):
            self._check(method, body, request, deadline)
        ident = submission.reserve(
            self._client, method, body, deadline, progress
        )
        for found in self.list(deadline):
            if request.mark.same_as(found.mark):
                return found
        self._give_up(service, ident, request, deadline, progress)
        raise exception.RequestRejected(
            reason='no reservation shows the mark of the node'
        )

    def _check(
        self,
        method: methods.Method,
        body: JsonObject,
        request: base.ComposeRequest,
        deadline: Deadline,
    ) -> None:
        """Check that blocks can be reserved; see ``methods.check``."""
        with Crawler(self._client, deadline) as crawler:
            bodies = discovery.parts(crawler, request)
            host = discovery.host(crawler, request.system, bodies)
        if host is not None:
            raise exception.RequestRejected(
                reason=f'{host} is permanent: it is not reserved'
            )
        methods.check(method, body, bodies)

    def _give_up(
        self,
        service: JsonObject,
        ident: str | None,
        request: base.ComposeRequest,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        """Delete a reservation that would not be found again.

        :param ident: its ID, as the service has just answered. It is deleted
            only if it has blocks of the request, and no other.
        """
        requested = {request.system, *request.devices}
        found = reservations.read(self._client, service, deadline)
        for uri, body in found.items():
            known = text(body.get('Id')) or last_segment(uri)
            held = set(links(body.get('ReservedResourceBlocks')))
            if known == ident and held and held <= requested:
                job = Job(self._client, progress, 'unreserve')
                reservations.delete(self._client, uri, job, deadline)

    def list(self, deadline: Deadline) -> list[base.Reservation]:
        """All reservations that have a mark."""
        _, service, _ = self._lookup.places(deadline)
        seconds = duration(service.get('ReservationDuration'))
        found = reservations.read(self._client, service, deadline)
        return [
            base.Reservation(uri, mark, seconds)
            for uri, body in found.items()
            if (mark := reservations.mark_of(body)) is not None
        ]

    def unreserve(
        self, mark: Mark, deadline: Deadline, progress: Progress
    ) -> None:
        """See ``base.Driver.unreserve``."""
        _, service, _ = self._lookup.places(deadline)
        reservations.remove(self._client, service, mark, deadline, progress)


def duration(value: object) -> float | None:
    """A duration in seconds; None for what is none."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        return None
    return sum(
        float(number or 0) * seconds
        for number, seconds in zip(found.groups(), _SECONDS, strict=True)
    )
