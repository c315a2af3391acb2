# SPDX-License-Identifier: Apache-2.0
"""References between Redfish resources."""

from valence.common.identity import canonical_link
from valence.common.types import JsonObject
from valence.podmanagers import trimming
from valence.podmanagers.wire.values import obj

# Properties that hold references outside of ``Links``.
_REFERENCES = frozenset(
    (
        *('Processors', 'Memory', 'EthernetInterfaces', 'NetworkInterfaces'),
        *('Storage', 'SimpleStorage', 'Drives', 'NetworkAdapters', 'Nodes'),
        *('Systems', 'Chassis', 'CompositionService', 'ResourceBlocks'),
        *('ResourceZones', 'StorageServices', 'StoragePools', 'Volumes'),
        *('ComputerSystems', 'Ports', 'NetworkPorts', 'LogicalDrives'),
    )
)


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


def malformed(body: JsonObject) -> set[str]:
    """The properties of a resource that hold a reference which is none.

    A reference to nothing, such as null, is not malformed. What was left out
    may have held any.
    """
    within = body.get('Links')
    if not _is_nothing(within) and not isinstance(within, dict):
        return {'Links'}
    found = {**obj(within), **body}
    return {
        name
        for name, value in found.items()
        # Members are the business of ``pages``.
        if not name.startswith('@') and 'Members' not in name
        if _has_malformed(value, name in _REFERENCES or name not in body)
    } | trimming.omitted(body)


def has_malformed(body: JsonObject, *names: str) -> bool:
    """Whether one of these properties, also of ``Links``, is malformed."""
    relevant = ('Links', trimming.MORE, *names)
    return not malformed(body).isdisjoint(relevant)


def _has_malformed(value: object, is_reference: bool) -> bool:
    """Whether a value, or one of an array, is a malformed reference.

    :param is_reference: whether it can be nothing but a reference.
    """
    return any(
        link(one) is None
        and not _is_nothing(one)
        and ('@odata.id' in one if isinstance(one, dict) else is_reference)
        for one in (value if isinstance(value, list) else [value])
    )


def _is_nothing(value: object) -> bool:
    """Whether a value refers to nothing."""
    if isinstance(value, dict) and len(value) == 1:
        value = value.get('@odata.id', value)
    return value is None or value in ('', [], {})


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
