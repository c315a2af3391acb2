# SPDX-License-Identifier: Apache-2.0
"""The hardware requirements of a node or a flavor."""

from typing import cast

import jsonschema

from valence.common.types import JsonObject
from valence.common.types import Requirements

_WORD = {'type': 'string', 'minLength': 1, 'maxLength': 255}
# A number, or a string of digits.
_COUNT = {
    'anyOf': [
        {'type': 'integer', 'minimum': 1, 'maximum': 2**31 - 1},
        # In Python, $ also matches before a final newline.
        {'type': 'string', 'pattern': r'^0*[1-9][0-9]{0,8}$(?!\n)'},
    ]
}


def _group(**properties: JsonObject) -> JsonObject:
    return {
        'type': 'object',
        'properties': properties,
        'additionalProperties': False,
    }


def _groups(**properties: JsonObject) -> JsonObject:
    return {'type': 'array', 'maxItems': 64, 'items': _group(**properties)}


SCHEMA = _group(
    processor=_group(
        total_cores=_COUNT, model=_WORD, architecture=_WORD, sockets=_COUNT
    ),
    memory=_group(capacity_mib=_COUNT, type=_WORD),
    storage=_groups(
        capacity_gib=_COUNT, type=_WORD, protocol=_WORD, count=_COUNT
    ),
    pci_devices=_groups(type=_WORD, count=_COUNT),
    network=_groups(speed_mbps=_COUNT, count=_COUNT),
)
# Text, even where it consists of digits, as the name of a model may.
_WORDS = frozenset(('model', 'architecture', 'type', 'protocol'))
_VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def check(properties: JsonObject) -> None:
    """Validate requirements against ``SCHEMA``.

    :raises ValueError: naming the part that is invalid.
    """
    error = jsonschema.exceptions.best_match(
        _VALIDATOR.iter_errors(properties)
    )
    if error is not None:
        place = '.'.join(str(part) for part in error.absolute_path)
        where = f'at {place}: ' if place else ''
        raise ValueError(f'{where}{error.message[:200]}')


def normalize(properties: JsonObject) -> Requirements:
    """Requirements with numbers for digits, and a ``count`` for each part."""

    def numbers(group: JsonObject) -> JsonObject:
        return {
            name: value if name in _WORDS else int(value)
            for name, value in group.items()
        }

    result: JsonObject = {}
    for key, value in properties.items():
        if isinstance(value, list):
            result[key] = [{'count': 1, **numbers(item)} for item in value]
        else:
            result[key] = numbers(value)
    return cast(Requirements, result)
