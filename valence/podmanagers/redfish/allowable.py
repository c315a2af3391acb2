# SPDX-License-Identifier: Apache-2.0
"""What a service allows for a system or node: resets and boot overrides.

Most is annotated in the resource itself. What is not may be in the ActionInfo
of its Reset action, and in its settings object.
"""

from collections.abc import Iterable
from collections.abc import Mapping

from valence.common.types import Allowable
from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import boot
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.wire.values import text

# The longest time to wait for what can be done without.
_SECONDS = 10.0
# What is longer is no name, and more are no list of names.
_MAX_LENGTH = 64
_MAX_COUNT = 256


def at_hand(
    body: JsonObject, others: Mapping[str, JsonObject] | None = None
) -> Allowable:
    """What a resource, and what it links, list as allowable.

    :param others: what could be read of ``linked``, by URI.
    """
    others = others or {}
    reset = actions.find(body, '.Reset') or {}
    types = actions.listed(reset, 'ResetType')
    if types is None:
        info = others.get(actions.info(reset) or '', {})
        types = actions.listed_in_info(info, 'ResetType')
    settings = others.get(boot.settings(body) or '', {})
    return {
        'reset_types': _names(types),
        'boot_targets': _names(boot.allowed(boot.TARGET, body, settings)),
        'boot_modes': _names(boot.allowed(boot.MODE, body, settings)),
    }


def linked(body: JsonObject) -> list[str]:
    """The URIs of what else may list what the resource itself does not."""
    known = at_hand(body)
    found = []
    if known['reset_types'] is None:
        found.append(actions.info(actions.find(body, '.Reset') or {}))
    if None in (known['boot_targets'], known['boot_modes']):
        found.append(boot.settings(body))
    return [uri for uri in found if uri]


def read(client: Client, body: JsonObject, deadline: Deadline) -> Allowable:
    """What a service allows for one resource; what fails remains unknown."""
    uris = linked(body)
    if not uris:
        return at_hand(body)
    with Crawler(client, deadline) as crawler:
        return at_hand(body, crawler.try_many(uris, _SECONDS))


def complete(
    crawler: Crawler,
    nodes: Iterable[hardware.ComposedNode],
    bodies: Mapping[str, JsonObject],
) -> None:
    """Complete nodes by what only other resources list.

    :param bodies: of the nodes, by URI.
    """
    links = {node.uri: linked(bodies[node.uri]) for node in nodes}
    others = crawler.try_many(
        (uri for uris in links.values() for uri in uris), _SECONDS
    )
    for node in nodes:
        if links[node.uri]:
            node.allowable = at_hand(bodies[node.uri], others)


def _names(values: list[object] | None) -> list[str] | None:
    """The names in a list of values; None where it is none."""
    if values is None or len(values) > _MAX_COUNT:
        return None
    names = dict.fromkeys(
        value
        for value in values
        if isinstance(value, str) and text(value, _MAX_LENGTH) == value
    )
    return None if values and not names else list(names)
