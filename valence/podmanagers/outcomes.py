# SPDX-License-Identifier: Apache-2.0
"""Whether a change shows: the words of a pod manager are not enough.

What a change made is read until it is what was requested. As long as it is
not, :class:`Settling` is raised, and the change is looked at again later.
"""

from collections.abc import Callable
from collections.abc import Collection

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress

POLL_SECONDS = 1.0


class Settling(InProgress):
    """The pod manager reports success, but that does not show yet.

    The conductor waits for at most ``[redfish] settle_timeout``.

    :param reason: the error if it never shows: what is read, and what was
        requested.
    """

    def __init__(self, reason: str, seconds: float = POLL_SECONDS) -> None:
        super().__init__(seconds, reason)


def check_released(
    driver: base.Driver,
    uri: str | None,
    parts: Collection[str],
    is_node: Callable[[hardware.ComposedNode], bool],
    deadline: Deadline,
) -> None:
    """Check that a node is gone, and that its parts are free.

    :param uri: of the node; None: it never had one.
    :param parts: the URIs of its parts.
    :param is_node: whether what has the URI now is the node: it may be used
        again at once.
    :raises Settling: while something of the node remains.
    """
    if uri is not None:
        _check_gone(driver, uri, is_node, deadline)
    used = _used(driver, parts, deadline)
    if used:
        # Another client may have taken them already.
        others = {
            part
            for node in driver.list_nodes(deadline)
            if not (_is_same(node, uri) and is_node(node))
            for part in node.resources
        }
        used = [part for part in used if part not in others]
    if used:
        raise Settling(f'{", ".join(used)} is still used, not free')


def _is_same(node: hardware.ComposedNode, uri: str | None) -> bool:
    """Whether what is listed can be the node: by its mark, or by its URI."""
    return node.mark is not None or node.uri == uri


def _check_gone(
    driver: base.Driver,
    uri: str,
    is_node: Callable[[hardware.ComposedNode], bool],
    deadline: Deadline,
) -> None:
    try:
        seen = driver.read_node(uri, deadline)
    except exception.ResourceGone:
        if driver.lists(uri, deadline):
            raise Settling(f'{uri} is still listed, not released') from None
        return
    if is_node(seen):
        raise Settling(f'{uri} still exists, it is not released')


def check_joined(
    driver: base.Driver,
    node: hardware.ComposedNode,
    parts: Collection[str],
    deadline: Deadline,
) -> None:
    """Check that a node has these parts.

    :param node: the node, as it was read just now.
    :raises Settling: while it has not.
    """
    missing = [part for part in parts if part not in node.resources]
    if missing and not (node.resources and node.resources_known):
        # It does not show all that it consists of.
        used = _used(driver, missing, deadline)
        missing = [part for part in missing if part not in used]
    if missing:
        raise Settling(
            f'{", ".join(missing)} is not part of {node.uri}, as requested'
        )


def check_detached(node: hardware.ComposedNode, part: str) -> None:
    """Check that a node does not have a part.

    :raises Settling: while it has.
    """
    if part in node.resources:
        raise Settling(f'{part} is still part of {node.uri}, not detached')


def _used(
    driver: base.Driver, parts: Collection[str], deadline: Deadline
) -> list[str]:
    """Those of some parts that are in use."""
    if not parts:
        return []
    seen = driver.refresh(parts, deadline)
    return [
        item.uri
        for item in (*seen.systems, *seen.devices)
        if item.uri in parts
        and item.values.get('state') == 'used'
        and 'state' not in item.unknown
    ]
