# SPDX-License-Identifier: Apache-2.0
"""Hardware requirements of nodes and flavors: their language.

``valence.scheduler.criteria`` compares them with hardware.
"""

from typing import Any
from typing import cast

from valence.common import exception
from valence.common.schemas import Schema
from valence.common.types import JsonObject
from valence.common.types import Requirements

_WORD: Schema = {'type': 'string', 'minLength': 1, 'maxLength': 255}
_WORDS: Schema = {'minItems': 1, 'maxItems': 64, 'items': _WORD}
_TEXT: Schema = {
    **_WORD,
    **_WORDS,
    'type': ['string', 'array', 'object'],
    'properties': {'eq': {**_WORD, **_WORDS, 'type': ['string', 'array']}},
    'additionalProperties': False,
    'minProperties': 1,
}
# Each is one drive: nothing stands for other characters.
_SERIAL: Schema = {
    **_WORD,
    'title': 'a whole serial number, without *',
    'pattern': r'^[^*]+$(?!\n)',
}
_SERIALS: Schema = {
    **_SERIAL,
    'type': ['string', 'array'],
    'minItems': 1,
    'maxItems': 64,
    'items': _SERIAL,
}
_BOOLEAN: Schema = {'type': 'boolean'}
#: A trait, as placement and Ironic accept it.
TRAIT: Schema = {
    'type': 'string',
    'minLength': 1,
    'maxLength': 255,
    'title': 'capital letters, digits and underscores',
    # In Python, $ also matches before a final newline.
    'pattern': r'^[A-Z0-9_]+$(?!\n)',
}
#: A tag of an administrator: a trait that os-traits does not define.
TAG: Schema = {
    **TRAIT,
    'title': f'CUSTOM_ and then {TRAIT["title"]}',
    'pattern': r'^CUSTOM_[A-Z0-9_]+$(?!\n)',
}
_TRAITS: Schema = {'type': 'array', 'maxItems': 64, 'items': TRAIT}


def _number(maximum: int, digits: int) -> Schema:
    """The schema of a number, which may be a string of digits."""
    return {
        'type': ['integer', 'string'],
        'minimum': 1,
        'maximum': maximum,
        'maxLength': 16,
        'title': f'a whole number above 0 with at most {digits} digits',
        # In Python, $ also matches before a final newline.
        'pattern': rf'^0*[1-9][0-9]{{0,{digits - 1}}}$(?!\n)',
    }


_PLAIN = _number(2**31 - 1, digits=9)
_AMOUNT: Schema = {
    **_PLAIN,
    'type': ['integer', 'string', 'object'],
    'properties': {
        'min': _PLAIN,
        'max': _PLAIN,
        'eq': {
            **_PLAIN,
            'type': ['integer', 'string', 'array'],
            'items': _PLAIN,
            'minItems': 1,
            'maxItems': 64,
        },
    },
    'additionalProperties': False,
    'minProperties': 1,
}
# What a node is charged is a sum of them.
_COUNT = _number(9999, digits=4)


def _group(**properties: Schema) -> Schema:
    return {
        'type': 'object',
        'properties': properties,
        'additionalProperties': False,
    }


_SELECTED = _group(required=_TRAITS, forbidden=_TRAITS)


def _groups(**properties: Schema) -> Schema:
    items = _group(
        **properties, traits=_SELECTED, pooled=_BOOLEAN, count=_COUNT
    )
    return {'type': 'array', 'maxItems': 64, 'items': items}


SCHEMA = _group(
    processor=_group(
        total_cores=_AMOUNT,
        sockets=_AMOUNT,
        cores=_AMOUNT,
        speed_mhz=_AMOUNT,
        model=_TEXT,
        vendor=_TEXT,
        architecture=_TEXT,
        instruction_set=_TEXT,
    ),
    memory=_group(
        capacity_mib=_AMOUNT, type=_TEXT, speed_mhz=_AMOUNT, vendor=_TEXT
    ),
    security=_group(tpm=_TEXT),
    firmware=_group(boot_mode=_TEXT),
    traits=_group(required=_TRAITS, forbidden=_TRAITS, preferred=_TRAITS),
    storage=_groups(
        capacity_gib=_AMOUNT,
        # As vendors label drives; see normalize().
        capacity_gb=_AMOUNT,
        type=_TEXT,
        protocol=_TEXT,
        interface=_TEXT,
        rpm=_AMOUNT,
        vendor=_TEXT,
        model=_TEXT,
        serial=_SERIALS,
    ),
    pci_devices=_groups(
        type=_TEXT,
        vendor=_TEXT,
        model=_TEXT,
        memory_mib=_AMOUNT,
        speed_mhz=_AMOUNT,
        speed_mbps=_AMOUNT,
    ),
    network=_groups(speed_mbps=_AMOUNT),
)

#: What the API document declares once, by name.
COMPONENTS: dict[str, Schema] = {
    'Requirements': SCHEMA,
    'RequiredNumber': _AMOUNT,
    'RequiredText': _TEXT,
}


def texts() -> dict[str, list[str]]:
    """The names of the requirements that are text, by their group.

    Serial numbers are not among them: each is one part, not a kind of parts.
    """
    groups = {
        group: schema.get('items', schema)['properties']
        for group, schema in SCHEMA['properties'].items()
    }
    return {
        group: [name for name, one in known.items() if _is_text(one)]
        for group, known in groups.items()
    }


def _is_text(schema: Schema) -> bool:
    return {*schema['type']} == {'string', 'array', 'object'}


def serials(properties: JsonObject) -> list[str]:
    """The serial numbers of drives that requirements name."""
    return [
        one
        for part in properties.get('storage', ())
        if 'serial' in part
        for one in listed(part['serial'])
    ]


def listed(value: Any) -> list[Any]:
    """Any of several values, or the only one, as a list."""
    return value if isinstance(value, list) else [value]


def normalize(properties: JsonObject) -> Requirements:
    """Convert digits to numbers and GB to GiB, and set every ``count``.

    The inventory has whole GiB, rounded down: a drive of 480 GB has 447. A
    serial number is that of a pooled drive.

    :raises Invalid: for a range in GB that is combined with GiB, for the
        serial number of a drive that must not be pooled, and for what nothing
        can ever meet.
    """
    result: JsonObject = {}
    for key, value in properties.items():
        schema, place = SCHEMA['properties'][key], f'properties.{key}'
        if isinstance(value, list):
            result[key] = [
                {'count': 1, **_normal(one, schema['items'], f'{place}.{n}')}
                for n, one in enumerate(value)
            ]
        else:
            result[key] = _normal(value, schema, place)
    _check_serials(result.get('storage', []))
    _check_traits(result.get('traits', {}), 'properties.traits')
    return cast(Requirements, result)


def _check_serials(drives: list[JsonObject]) -> None:
    """Check that each drive that must be the only one is required once."""
    known: set[str] = set()
    for index, one in enumerate(drives):
        allowed = {*listed(one.get('serial', []))}
        place = f'properties.storage.{index}'
        if allowed and one['count'] > len(allowed):
            raise exception.Invalid(
                field=place, reason='must not have more drives than serials'
            )
        if len(allowed) == 1:
            if allowed <= known:
                raise exception.Invalid(
                    field=f'{place}.serial', reason='is required twice'
                )
            known |= allowed


def _check_traits(traits: JsonObject, place: str) -> None:
    both = {*traits.get('required', ())} & {*traits.get('forbidden', ())}
    if both:
        raise exception.Invalid(
            field=place, reason=f'requires and forbids {min(both)}'
        )


def _check_range(amount: Any, place: str) -> None:
    """Check that there is a number that is allowed."""
    if not isinstance(amount, dict):
        return
    least, most = amount.get('min', 0), amount.get('max', 2**31)
    if least > most:
        raise exception.Invalid(
            field=place, reason='must not have a min that is more than max'
        )
    allowed = listed(amount.get('eq', []))
    if allowed and not any(least <= one <= most for one in allowed):
        raise exception.Invalid(
            field=place, reason='must not have an eq beyond min and max'
        )


def _normal(group: JsonObject, schema: Schema, place: str) -> JsonObject:
    result = {}
    for name, value in group.items():
        result[name] = value
        if 'integer' in schema['properties'][name]['type']:
            result[name] = _amount(value)
            _check_range(result[name], f'{place}.{name}')
    _check_traits(result.get('traits', {}), f'{place}.traits')
    if 'capacity_gb' in result:
        gib = _in_gib(result.pop('capacity_gb'))
        known = result.get('capacity_gib', 0)
        if known and not (isinstance(gib, int) and isinstance(known, int)):
            raise exception.Invalid(
                field='properties.storage',
                reason='must not have a range together with capacity_gb',
            )
        result['capacity_gib'] = max(gib, known) if known else gib
    if 'serial' in result and not result.setdefault('pooled', True):
        raise exception.Invalid(
            field='properties.storage',
            reason='must not have a serial together with pooled=false: drives '
            'of systems cannot be required by their serial number',
        )
    return result


def _amount(value: Any) -> Any:
    """A number, or an object or list of numbers, without digits as text."""
    if isinstance(value, list):
        return [int(one) for one in value]
    if not isinstance(value, dict):
        return int(value)
    limits = {name: _amount(one) for name, one in value.items()}
    return limits['min'] if limits.keys() == {'min'} else limits


def _in_gib(amount: Any) -> Any:
    if isinstance(amount, dict):
        return {name: _in_gib(one) for name, one in amount.items()}
    if isinstance(amount, list):
        return [_in_gib(one) for one in amount]
    return max(1, amount * 10**9 // 2**30)
