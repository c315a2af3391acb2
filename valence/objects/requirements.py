# SPDX-License-Identifier: Apache-2.0
"""What a node or a flavor asks of hardware."""

from typing import Any

import jsonschema

_WORD = {'type': 'string', 'minLength': 1, 'maxLength': 255}
# Numbers come as numbers; strings of digits are taken too.
_COUNT = {
    'anyOf': [
        {'type': 'integer', 'minimum': 1, 'maximum': 2**31 - 1},
        # Python lets a line end follow what $ stands for.
        {'type': 'string', 'pattern': r'^0*[1-9][0-9]{0,8}$(?!\n)'},
    ]
}


def _group(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        'type': 'object',
        'properties': properties,
        'additionalProperties': False,
    }


def _groups(**properties: dict[str, Any]) -> dict[str, Any]:
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
# A model may be called by digits alone.
_WORDS = frozenset(('model', 'architecture', 'type', 'protocol'))
_VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def check(properties: dict[str, Any]) -> None:
    """Refuse requirements that are not of the form above.

    :raises ValueError: naming the place within them.
    """
    error = jsonschema.exceptions.best_match(
        _VALIDATOR.iter_errors(properties)
    )
    if error is not None:
        place = '.'.join(str(part) for part in error.absolute_path)
        where = f'at {place}: ' if place else ''
        raise ValueError(f'{where}{error.message[:200]}')


def normalize(properties: dict[str, Any]) -> dict[str, Any]:
    """Requirements with numbers for digits and every ``count`` written out."""

    def numbers(group: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value if name in _WORDS else int(value)
            for name, value in group.items()
        }

    result: dict[str, Any] = {}
    for key, value in properties.items():
        if isinstance(value, list):
            result[key] = [{'count': 1, **numbers(item)} for item in value]
        else:
            result[key] = numbers(value)
    return result
