# SPDX-License-Identifier: Apache-2.0
"""Hardware requirements of nodes and flavors."""

from typing import cast

from valence.common.schemas import Schema
from valence.common.types import JsonObject
from valence.common.types import Requirements

_WORD: Schema = {'type': 'string', 'minLength': 1, 'maxLength': 255}


def _number(maximum: int, digits: int) -> Schema:
    """The schema of a number, which may be a string of digits."""
    return {
        'type': ['integer', 'string'],
        'minimum': 1,
        'maximum': maximum,
        'maxLength': 16,
        # In Python, $ also matches before a final newline.
        'pattern': rf'^0*[1-9][0-9]{{0,{digits - 1}}}$(?!\n)',
    }


_AMOUNT = _number(2**31 - 1, digits=9)
# What a node is charged is a sum of them.
_COUNT = _number(9999, digits=4)


def _group(**properties: Schema) -> Schema:
    return {
        'type': 'object',
        'properties': properties,
        'additionalProperties': False,
    }


def _groups(**properties: Schema) -> Schema:
    return {'type': 'array', 'maxItems': 64, 'items': _group(**properties)}


SCHEMA = _group(
    processor=_group(
        total_cores=_AMOUNT, model=_WORD, architecture=_WORD, sockets=_AMOUNT
    ),
    memory=_group(capacity_mib=_AMOUNT, type=_WORD),
    storage=_groups(
        capacity_gib=_AMOUNT,
        # As vendors label drives; see normalize().
        capacity_gb=_AMOUNT,
        type=_WORD,
        protocol=_WORD,
        count=_COUNT,
    ),
    pci_devices=_groups(type=_WORD, count=_COUNT),
    network=_groups(speed_mbps=_AMOUNT, count=_COUNT),
)
# Strings even if they consist of digits.
_WORDS = frozenset(('model', 'architecture', 'type', 'protocol'))


def normalize(properties: JsonObject) -> Requirements:
    """Convert digits to numbers and GB to GiB, and set every ``count``.

    The inventory has whole GiB, rounded down: a drive of 480 GB has 447.
    """

    def numbers(group: JsonObject) -> JsonObject:
        result = {
            name: value if name in _WORDS else int(value)
            for name, value in group.items()
        }
        if 'capacity_gb' in result:
            gib = result.pop('capacity_gb') * 10**9 // 2**30
            result['capacity_gib'] = max(1, gib, result.get('capacity_gib', 0))
        return result

    result: JsonObject = {}
    for key, value in properties.items():
        if isinstance(value, list):
            result[key] = [{'count': 1, **numbers(item)} for item in value]
        else:
            result[key] = numbers(value)
    return cast(Requirements, result)
