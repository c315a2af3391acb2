# SPDX-License-Identifier: Apache-2.0
"""References between Redfish resources."""

from valence.common.identity import canonical_link
from valence.common.types import JsonObject
from valence.podmanagers.wire.values import obj


def link(value: object) -> str | None:
    """The URI that a reference points to; None where it is no reference.

    It is canonical, so that two references to one resource are equal. Only the
    path of an absolute URL is used: services know themselves by other host
    names than their clients do.
    """
    if isinstance(value, dict):
        value = value.get('@odata.id')
    if not isinstance(value, str) or not value or not value.isprintable():
        return None
    try:
        return canonical_link(value)
    except ValueError:
        return None


def links(value: object) -> list[str]:
    """The URIs of a list of references, or of a single one."""
    values = value if isinstance(value, list) else [value]
    return [uri for uri in map(link, values) if uri is not None]


def related(body: JsonObject, name: str) -> list[str]:
    """The URIs of a property of ``Links``."""
    return links(obj(body.get('Links')).get(name))


def last_segment(uri: str) -> str:
    """The last segment of a URI's path, often the ``Id`` of the resource."""
    return uri.rstrip('/').rpartition('/')[2]


def place_in(uri: str, collection: str) -> str | None:
    """The part of a URI below a collection; None if it is not below it."""
    collection = collection.rstrip('/') + '/'
    return uri.removeprefix(collection) if uri.startswith(collection) else None
