# SPDX-License-Identifier: Apache-2.0
"""Bounding what is kept of the properties of a resource."""

import json

import orjson
from oslo_config import cfg

from valence.common.types import JsonObject

#: The property that names those which were left out.
OMITTED = '@Valence.Omitted'
# Stands for the names that are not listed.
MORE = '…'
_MAX_NAMES = 16
_MAX_NAME = 64
# How many bytes the names take at most.
_NAMES_BYTES = 8192
# More than any text or URI that is made use of.
_MAX_TEXT = 4096


def trim(body: JsonObject) -> JsonObject:
    """A resource of at most [podm] max_properties_bytes.

    Of a larger one, long text is cut, then the largest properties are left
    out.
    """
    limit = cfg.CONF.podm.max_properties_bytes
    total = _size(body)
    if total <= limit:
        return body
    kept: JsonObject = {
        name: value[:_MAX_TEXT] if isinstance(value, str) else value
        for name, value in body.items()
    }
    sizes = {name: _size({name: value}) for name, value in kept.items()}
    total, omitted = sum(sizes.values()), list[str]()
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if total <= limit - bool(omitted) * _NAMES_BYTES:
            break
        total -= sizes[name]
        del kept[name]
        omitted.append(name[:_MAX_NAME])
    if omitted:
        listed = omitted[:_MAX_NAMES]
        kept[OMITTED] = listed if listed == omitted else [*listed, MORE]
    return kept


def _size(value: object) -> int:
    """The length of a value as JSON, in bytes."""
    try:
        return len(orjson.dumps(value))
    except TypeError:
        # It does not know integers beyond 64 bits.
        return len(json.dumps(value))


def omitted(body: JsonObject) -> set[str]:
    """The names of the properties that were left out of a resource."""
    names = body.get(OMITTED)
    if not isinstance(names, list):
        return set()
    return {name for name in names if isinstance(name, str)}
