# SPDX-License-Identifier: Apache-2.0
"""Reservations: blocks that a service holds for a manifest of ours.

A reservation bears our marker, for it holds the manifest. It is thus found
again after a crash, and is then either applied or let go.
"""

from typing import Any

import orjson

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.composition import methods
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.resources import text
from valence.podmanagers.wire.client import Answer


def find(
    client: Client,
    service: dict[str, Any],
    marker: str,
    deadline: base.Deadline,
) -> str | None:
    """The URI of the reservation that was made for a node.

    :param service: the CompositionService.
    """
    collection = link(service.get('CompositionReservations'))
    if collection is None:
        return None
    with Crawler(client, deadline, expand=False) as crawler:
        found = crawler.get_many(crawler.members(collection))
    for uri, body in found.items():
        if resources.marker(_words(body.get('Manifest'))) == marker:
            return uri
    return None


def _words(manifest: Any) -> str:
    return orjson.dumps(manifest).decode() if manifest else ''


def apply(
    client: Client, service: dict[str, Any], uri: str, deadline: base.Deadline
) -> Answer | None:
    """Compose what is reserved.

    :returns: None when the reservation is not there any more.
    :raises NoMatch: when that cannot be done; the reservation is let go.
    """
    try:
        held = client.get(uri, deadline)
    except exception.ResourceGone:
        return None
    stanzas = resources.obj(held.get('Manifest')).get('Stanzas')
    stanza = stanzas[0] if isinstance(stanzas, list) and stanzas else {}
    number = text(held.get('Id')) or uri.rstrip('/').rpartition('/')[2]
    try:
        return methods.apply(client, service, stanza, number, deadline)
    except exception.NoMatch:
        client.delete(uri, deadline)
        raise
