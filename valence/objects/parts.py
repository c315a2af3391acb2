# SPDX-License-Identifier: Apache-2.0
"""The parts of systems: the items of their lists, as JSON schemas.

Rows that were stored by earlier releases lack some items.
"""

from valence.common import schemas
from valence.common.schemas import Schema

# What differs between equal parts, and is not shown to everybody.
PRIVATE = ('resource_uri', 'serial_number')
_UNSHAPED = (*PRIVATE, 'mac')

_TEXT: Schema = {'type': ['string', 'null']}
_NUMBER: Schema = {'type': ['integer', 'null']}
_MAKER = {'manufacturer': _TEXT, 'model': _TEXT}


def _part(*required: str, **items: Schema) -> Schema:
    return schemas.closed(
        {'resource_uri': {'type': 'string'}, **items}, required=required
    )


PROCESSOR = _part(
    **_MAKER,
    architecture=_TEXT,
    instruction_set=_TEXT,
    cores={'type': 'integer'},
    threads={'type': 'integer'},
    speed_mhz=_NUMBER,
    capabilities={'type': 'array', 'items': {'type': 'string'}},
)
MEMORY_MODULE = _part(
    manufacturer=_TEXT,
    type=_TEXT,
    capacity_mib={'type': 'integer'},
    speed_mhz=_NUMBER,
)
DRIVE = _part(
    *('capacity_gib', 'type', 'protocol'),
    capacity_gib={'type': ['number', 'null']},
    type=_TEXT,
    protocol=_TEXT,
    **_MAKER,
    serial_number=_TEXT,
    rpm=_NUMBER,
)
NIC = _part(*('mac', 'speed_mbps'), mac=_TEXT, speed_mbps=_NUMBER)
ACCELERATOR = schemas.closed(
    {
        'type': {'type': 'string'},
        **_MAKER,
        'memory_mib': _NUMBER,
        'speed_mhz': _NUMBER,
    },
    required=('type', 'model'),
)


def shape(part: Schema, *without: str) -> tuple[str, ...]:
    """The items of a part that equal hardware has in common."""
    left_out = {*_UNSHAPED, *without}
    return tuple(n for n in part['properties'] if n not in left_out)
