# SPDX-License-Identifier: Apache-2.0
"""Reservations: blocks that a service holds for a manifest.

A reservation has the manifest, and with it the node's mark. So it is found
again after a crash, and applied or deleted.
"""

from collections.abc import Iterable
from collections.abc import Mapping

import orjson

from valence.common import exception
from valence.common.identity import Mark
from valence.common.identity import find_mark
from valence.common.types import JsonObject
from valence.podmanagers.composition import blocks
from valence.podmanagers.composition import submission
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.redfish.links import last_segment
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import links
from valence.podmanagers.redfish.resources import Bodies
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects
from valence.podmanagers.wire.values import text


def read(client: Client, service: JsonObject, deadline: Deadline) -> Bodies:
    """All reservations, by URI.

    :param service: the CompositionService.
    :raises PodManagerUnavailable: when one cannot be read.
    """
    collection = link(service.get('CompositionReservations'))
    if collection is None:
        return {}
    with Crawler(client, deadline) as crawler:
        found = crawler.get_many(crawler.members(collection))
        crawler.require_all()
    return found


def mark_of(body: JsonObject) -> Mark | None:
    """The mark of the node that a reservation is for."""
    return find_mark(orjson.dumps(body.get('Manifest')).decode())


def find(
    client: Client,
    service: JsonObject,
    mark: Mark,
    deadline: Deadline,
    system: str | None = None,
) -> str | None:
    """The URI of the reservation for a node.

    :param service: the CompositionService.
    :param system: the URI of the block that it must hold, if it lists any.
    :raises PodManagerUnavailable: when the reservations cannot be read.
    """
    for uri, body in read(client, service, deadline).items():
        held = links(body.get('ReservedResourceBlocks'))
        other = system is not None and held and system not in held
        if mark.same_as(mark_of(body)) and not other:
            return uri
    return None


def remove(
    client: Client,
    service: JsonObject,
    mark: Mark,
    deadline: Deadline,
    progress: Progress,
) -> None:
    """Delete the reservations for a node, if there are any.

    :raises InProgress: until none is shown any more.
    """
    job = Job(client, progress, 'unreserve')
    deleted: set[str] = set()
    while (uri := find(client, service, mark, deadline)) is not None:
        if uri in deleted:
            raise Settling(f'{uri} was deleted, but is still there')
        delete(client, uri, job, deadline)
        deleted.add(uri)


def delete(client: Client, uri: str, job: Job, deadline: Deadline) -> None:
    """Delete a reservation.

    :raises InProgress: while the service is working on it.
    """
    response = job.run(
        lambda: client.request('DELETE', uri, deadline, check=False), deadline
    )
    if response is not None and response.status not in tasks.GONE:
        errors.check(response, uri)
    job.forget()


def blocks_of(crawler: Crawler, uris: Iterable[str]) -> set[str]:
    """The URIs of the blocks that reservations hold."""
    return {
        block
        for body in crawler.get_many(uris).values()
        for block in links(body.get('ReservedResourceBlocks'))
    }


def check(crawler: Crawler, places: Mapping[str, str], bodies: Bodies) -> None:
    """Check that no other client has reserved one of these blocks.

    Nothing else keeps a client from changing a permanent system.

    :param places: see ``discovery.places``.
    :raises NoMatch: when one is reserved.
    :raises PodManagerUnavailable: when that is unknown.
    """
    held: set[str] = set()
    collection = places.get('reservations')
    if collection is not None:
        held = blocks_of(crawler, crawler.members(collection))
        crawler.require_all(collection)
    for uri, body in bodies.items():
        if uri in held or blocks.is_reserved(body):
            raise exception.NoMatch(
                reason=f'{uri} is reserved by another client'
            )


def apply(
    client: Client, service: JsonObject, uri: str, deadline: Deadline
) -> Response | None:
    """Compose what is reserved.

    :returns: None when the reservation does not exist any more.
    :raises NoMatch: when that is impossible; releasing the node deletes the
        reservation.
    """
    try:
        body = client.get(uri, deadline)
    except exception.ResourceGone:
        return None
    stanzas = objects(obj(body.get('Manifest')).get('Stanzas'))
    stanza = stanzas[0] if stanzas else {}
    ident = text(body.get('Id')) or last_segment(uri)
    return submission.apply(client, service, stanza, ident, deadline)
