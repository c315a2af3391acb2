# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields
from valence.objects import inventory

#: The properties that can be expected, of any kind of hardware.
PROPERTIES = (
    *('name', 'manufacturer', 'model', 'cpu_model', 'cpu_architecture'),
    *('cpu_sockets', 'cpu_cores', 'memory_mib', 'storage_gib'),
    *('capacity_gib', 'media_type', 'protocol', 'speed_mbps'),
)
_TEXT = {'type': ['string', 'null'], 'maxLength': 255}
_NUMBER = {'type': ['integer', 'null'], 'minimum': 0, 'maximum': 2**63 - 1}


@ovo.VersionedObjectRegistry.register
class ExpectedPart(base.ValenceObject):
    """Hardware that should be on a pod manager."""

    RESOURCE = 'expected_parts'
    KIND = 'expected part'
    AUDIENCE = fields.Audience.SYSTEM
    fields = {
        'uuid': base.own_uuid('part'),
        'podm_uuid': fields.UUIDField(doc='UUID of the pod manager.'),
        'type': fields.StringField(
            doc='system, or the type of a device or chassis.',
            api='r',
            max_length=64,
            filter=True,
        ),
        'serial_number': fields.StringField(
            doc='Serial number.', api='r', nullable=True, max_length=255
        ),
        'place': fields.StringField(
            doc='Names of the rack and of the chassis down to the part, and '
            'its own, separated by slashes: rack-1/drawer-2/sled-3.',
            api='r',
            nullable=True,
            max_length=1024,
        ),
        'properties': fields.ObjectField(
            doc='Other fields, with the values that they should have: '
            f'{", ".join(PROPERTIES)}.',
            api='r',
            default={},
        ),
        **base.timestamps(sort=('type',)),
    }


def _schema(name: str) -> dict[str, object]:
    """The JSON schema of a property, as the inventory has it."""
    for kind in (inventory.System, inventory.Device):
        if isinstance(kind.fields.get(name), fields.IntegerField):
            return _NUMBER
    return _TEXT


_SCHEMAS = {name: _schema(name) for name in PROPERTIES}
_NAMES: dict[str, dict[str, object]] = {
    'type': {'type': 'string', 'minLength': 1, 'maxLength': 64},
    'serial_number': _TEXT,
    'place': {**_TEXT, 'maxLength': 1024},
}
#: The JSON schemas of the columns of parts in a table.
COLUMNS = {**_NAMES, **_SCHEMAS}
#: The JSON schema of a part in a request.
PART: dict[str, object] = {
    'type': 'object',
    'properties': {
        **_NAMES,
        'properties': {
            'type': 'object',
            'properties': _SCHEMAS,
            'additionalProperties': False,
        },
    },
    'required': ['type'],
    'additionalProperties': False,
}
