# SPDX-License-Identifier: Apache-2.0
"""The fields of answers that are not those of a resource."""

from valence import objects
from valence import quota
from valence.api import topology
from valence.api.controllers.v1 import types
from valence.common import schemas
from valence.common.schemas import Schema
from valence.db import capacity
from valence.objects import base as objects_base
from valence.objects import fields
from valence.scheduler import choices
from valence.scheduler.request import Choice
from valence.scheduler.request import Rejection

#: The fields of its hardware that a node shows.
SHOWN: dict[objects_base.Kind, tuple[str, ...]] = {
    objects.System: (
        'uuid',
        'name',
        'cpu_model',
        'cpu_sockets',
        'cpu_cores',
        'memory_mib',
        'processors',
        'memory_modules',
        'tpm',
        'boot_modes',
        'storage_gib',
        'drives',
        'nics',
        'accelerators',
        'power_state',
        'health',
        'resource_uri',
    ),
    objects.Device: (
        'uuid',
        'name',
        'type',
        'manufacturer',
        'model',
        'media_type',
        'protocol',
        'capacity_gib',
        'onboard_memory_mib',
        'health',
        'resource_uri',
    ),
}
#: What the result of the scheduler is shown without.
INTERNAL = ('nearness', 'shortages', 'kept_away', 'user_kept_away')

OPERATION: dict[str, fields.Spec] = {
    'operation_uuid': fields.UUIDField(
        doc='UUID of the operation that does the rest.'
    )
}
STEPS = fields.ListField(
    items=types.closed_schema(objects.OperationStep),
    doc='Journal of the steps.',
)
OPERATIONS = fields.ListField(
    items=types.reference(objects.Operation),
    doc='An operation for each pod manager that is online.',
)
DRIVERS = fields.ListField(
    items=schemas.closed(
        {
            'name': {'type': 'string'},
            'description': {'type': 'string'},
            'capabilities': {'type': 'array', 'items': {'type': 'string'}},
        }
    ),
    doc='The installed drivers.',
)
_CAPACITY = schemas.of_type(capacity.Capacity)
CAPACITY = fields.ObjectField(
    doc='Total and free hardware; memory in MiB.', inner=_CAPACITY
)
CAPACITIES = fields.ObjectField(
    doc='The same by UUID of the requested pod managers.',
    inner={'additionalProperties': _CAPACITY},
)
CHOICES: dict[str, fields.Spec] = {
    'choices': fields.ObjectField(
        doc='The texts that hardware has, by group and name of a requirement, '
        'with the number of systems or parts that have each. total is null '
        'for members of projects, who see what is free for them.',
        inner={
            'additionalProperties': {
                'type': 'object',
                'additionalProperties': {
                    'type': 'array',
                    'items': schemas.of_type(choices.Choice),
                },
            }
        },
    )
}
TOPOLOGY = fields.ObjectField(
    doc='The chassis in the chassis that contain them, with their systems '
    'and devices; the nodes, and the conditions that are in effect.',
    inner=topology.SCHEMA,
)


def _hardware(doc: str, cls: objects_base.Kind) -> fields.Spec:
    return fields.ListField(
        items=types.closed_schema(cls, SHOWN[cls]), doc=doc
    )


HARDWARE: dict[str, fields.Spec] = {
    'systems': _hardware('The systems that it has.', objects.System),
    'devices': _hardware('The devices that it has.', objects.Device),
}
_TEXT: Schema = {'type': ['string', 'null']}
STORAGES: dict[str, fields.Spec] = {
    'storages': fields.ListField(
        items=schemas.closed(
            {
                'resource_uri': _TEXT,
                'capacity_gib': {'type': ['number', 'null']},
                'type': _TEXT,
                'protocol': _TEXT,
                'device_uuid': {**_TEXT, 'format': 'uuid'},
            }
        ),
        doc='Local drives, without device_uuid, and pooled devices.',
    )
}


def _rejection() -> Schema:
    shown = {
        name: one
        for name, one in schemas.of_type(Rejection)['properties'].items()
        if name not in INTERNAL
    }
    # The hardware is shown to those who may choose it.
    return schemas.closed(
        {**shown, **dict.fromkeys(('met', 'unmet'), shown['nearest'])},
        required=('podm_uuid', 'name', 'filter', 'reason'),
    )


REJECTIONS = fields.ListField(
    items=_rejection(),
    doc='The pod managers that cannot satisfy the request, each with the '
    'reason; at most 100 with the same filter, those that are nearest to it. '
    'With the filter capacity, unmet is the part of the request that the '
    'nearest free hardware does not meet, and met is the rest.',
)
UNLISTED = fields.IntegerField(
    doc='How many more pod managers cannot satisfy the request.'
)
PREVIEW: dict[str, fields.Spec] = {
    'candidates': fields.ListField(
        items=schemas.closed(
            {
                'pod_manager': {'type': 'string'},
                **schemas.of_type(Choice)['properties'],
            },
            # Hardware is shown to those who may choose it.
            required=('pod_manager',),
        ),
        doc='Where the node could be composed, best first.',
    ),
    'rejections': REJECTIONS,
    'unlisted': UNLISTED,
    'quota': fields.ListField(
        items=schemas.of_type(quota.Shortage),
        doc=(
            'Limits of the project that keep the node from being composed: '
            'limit and usage, and what is missing. That is null if the '
            'request is within the limit, but hardware that fits is not.'
        ),
    ),
    'limits': fields.ListField(
        items=schemas.of_type(quota.Use),
        doc=(
            'The limits of the project, what it uses of each, and how much '
            'the request adds; memory in MiB.'
        ),
    ),
    'hold': fields.ObjectField(
        doc='The hold of the best candidate, if one was requested.',
        nullable=True,
        inner=types.resource_schema(objects.Hold),
    ),
}
