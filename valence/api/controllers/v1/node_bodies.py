# SPDX-License-Identifier: Apache-2.0
"""The bodies of requests about nodes."""

import itertools

from valence import objects
from valence.api.controllers.v1 import types
from valence.common import identity
from valence.common import schemas
from valence.common.schemas import Schema
from valence.objects import fields
from valence.objects.hold import MAX_SECONDS
from valence.objects.pool import REGISTRATION
from valence.podmanagers import boot
from valence.podmanagers.base import RESET_TYPES


@schemas.format_check('link', str)
def check_link(text: str) -> None:
    """Accept what may name a resource of a pod manager."""
    if not text.strip():
        raise ValueError('must not be empty')
    identity.canonical_uri(text)


_REFERENCE = fields.reference_schema('UUID or name.')
_NODES: Schema = {
    'type': 'array',
    'minItems': 1,
    'maxItems': 256,
    'items': _REFERENCE,
}
# Where a node is composed.
_PLACEMENT: dict[str, fields.Spec] = {
    'resources': fields.ListField(
        doc='UUIDs or names of the system and the devices to use.',
        nullable=True,
        items=_REFERENCE,
        inner={'minItems': 1, 'maxItems': 256},
    ),
    'affinity': fields.ObjectField(
        doc='Other nodes that the node must share a rack or pod manager with '
        '(with), or must not (against).',
        nullable=True,
        inner={
            'properties': {
                'scope': {'enum': ['rack', 'pod_manager']},
                'with': _NODES,
                'against': _NODES,
            },
            'required': ['scope'],
            'minProperties': 2,
            'maxProperties': 2,
            'additionalProperties': False,
        },
    ),
}
_MAC = '[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}'
_TEXT: Schema = {'type': 'string', 'minLength': 1, 'maxLength': 255}
_PORT: Schema = {
    **schemas.closed(
        {
            'address': {
                'description': 'MAC address of the interface.',
                'type': 'string',
                'maxLength': 17,
                'title': 'a MAC address, such as 52:54:00:12:34:56',
                'pattern': rf'^{_MAC}$(?!\n)',
            },
            'local_link_connection': {
                'description': 'The port of the switch.',
                **schemas.closed(
                    {
                        'switch_id': {
                            'type': 'string',
                            'maxLength': 17,
                            'title': 'a MAC address, or an OpenFlow '
                            'datapath ID of 16 hexadecimal digits',
                            'pattern': rf'^({_MAC}|[0-9A-Fa-f]{{16}})$(?!\n)',
                        },
                        'port_id': _TEXT,
                        'switch_info': _TEXT,
                    },
                    required=('switch_id', 'port_id'),
                ),
            },
            'physical_network': {
                'description': 'Name of the physical network.',
                **_TEXT,
                'maxLength': 64,
            },
            'pxe_enabled': {
                'description': 'Whether Ironic boots from it by PXE.',
                'type': 'boolean',
            },
        },
        required=('address',),
    ),
    'minProperties': 2,
}
_REGISTRATION: dict[str, fields.Spec] = {
    **REGISTRATION,
    'ports': fields.ListField(
        doc='What is known of network interfaces, as Ironic has it, and comes '
        'before what the hardware shows. It holds for later registrations '
        'that have none.',
        items=_PORT,
        inner={'maxItems': 64},
    ),
}


def _given(name: str) -> Schema:
    """The schema of a body that has a value for a field."""
    some: Schema = {'not': {'enum': [None, {}]}}
    return {'required': [name], 'properties': {name: some}}


def _exclusive(*names: str) -> Schema:
    """The keywords for fields of which at most one has a value."""
    return {
        'allOf': [
            {
                'description': f'must not have both {first} and {second}',
                'not': {'allOf': [_given(first), _given(second)]},
            }
            for first, second in itertools.combinations(names, 2)
        ]
    }


_HARDWARE = _exclusive('flavor', 'properties', 'resources')
# A hold says all about the hardware.
_SOURCE: Schema = {
    'allOf': [
        *_HARDWARE['allOf'],
        *(
            one
            for name in (
                *('flavor', 'properties', 'resources'),
                *('pod_manager', 'affinity'),
            )
            for one in _exclusive('hold', name)['allOf']
        ),
    ]
}
_SECONDS = fields.IntegerField(
    doc='For how many seconds from now; at most [hold] max_seconds.',
    minimum=1,
    maximum=MAX_SECONDS,
)
REGISTER = types.Body(added=_REGISTRATION, partial=True)
_REGISTER: dict[str, fields.Spec] = {
    'register': fields.JsonField(
        doc='Whether, or how, the node is registered with Ironic once it '
        'is composed.',
        nullable=True,
        inner={
            **REGISTER.schema(None, 1),
            'type': ['boolean', 'object', 'null'],
        },
    ),
}
CREATE = types.Body(
    'c',
    added={
        **_PLACEMENT,
        **_REGISTER,
        'hold': fields.StringField(
            doc='UUID or name of a hold: the node gets one of its places.',
            nullable=True,
            min_length=1,
            max_length=255,
        ),
    },
    keywords=_SOURCE,
)
PREVIEW = types.Body(
    'c',
    added={
        **_PLACEMENT,
        **_REGISTER,
        'hold': fields.ObjectField(
            doc='Hold what the best candidate has.',
            nullable=True,
            inner={
                'properties': {
                    'name': objects.Hold.fields['name'].input_schema(),
                    'seconds': _SECONDS.schema(),
                },
                'required': ['seconds'],
                'additionalProperties': False,
            },
        ),
    },
    without=('name', 'lease_until', 'lease_end'),
    keywords=_HARDWARE,
)
HOLD = types.Body(
    'c', added={**_PLACEMENT, 'seconds': _SECONDS}, keywords=_HARDWARE
)
EXTEND = types.Body(added={'seconds': _SECONDS})
MANAGE = types.Body(
    added={
        'name': objects.Node.fields['name'],
        'pod_manager': fields.StringField(
            doc='UUID or name of the pod manager.',
            min_length=1,
            max_length=255,
        ),
        'resource_uri': fields.StringField(
            doc='Path of the node on the pod manager, in any spelling, or the '
            'identifier that the pod manager gives it.',
            min_length=1,
            max_length=2048,
            format='link',
        ),
        'project_id': fields.StringField(
            doc='Project that the node is for; null: that of the request.',
            nullable=True,
            max_length=255,
            format='project-id',
        ),
    }
)


def _parameters(
    doc: str, optional: dict[str, Schema] | None = None, **properties: Schema
) -> fields.ObjectField:
    return fields.ObjectField(
        doc=doc,
        inner={
            'properties': {**properties, **(optional or {})},
            'required': list(properties),
            'additionalProperties': False,
        },
    )


ACTION = types.Body(
    added={
        'reset': _parameters(
            'Change the power state.', Type={'enum': list(RESET_TYPES)}
        ),
        'boot': _parameters(
            'Set the boot source.',
            Enabled={'enum': list(boot.ENABLED)},
            Target={'type': 'string', 'minLength': 1, 'maxLength': 64},
            optional={
                'Mode': {
                    'enum': list(boot.MODES),
                    'description': 'Boot mode; unchanged if it is missing.',
                },
                'HttpBootUri': {
                    'type': 'string',
                    'minLength': 1,
                    'maxLength': 2048,
                    'description': 'URI to boot from with the target '
                    'UefiHttp; unchanged if it is missing.',
                },
            },
        ),
        'attach': _parameters('Attach a device.', resource_id=_REFERENCE),
        'detach': _parameters('Detach a device.', resource_id=_REFERENCE),
    },
    partial=True,
    renamed={'Reset': 'reset', 'Boot': 'boot'},
    keywords={'minProperties': 1, 'maxProperties': 1},
)
DELETE_PARAMS: dict[str, fields.Spec] = {
    'unregister': fields.BooleanField(
        doc='Whether the node is removed from Ironic first.', default=False
    ),
    'force': fields.BooleanField(
        doc='Whether the node is deleted from the database only, without '
        'asking its pod manager or provisioner; a finding shows what is left '
        'behind.',
        default=False,
    ),
}
