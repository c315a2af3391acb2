# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields

#: A condition that something had; its value is the code.
CONDITION = 'condition'
#: What a node has, or who has a part; its value is a UUID.
CLAIM = 'claim'


@ovo.VersionedObjectRegistry.register
class History(base.ValenceObject):
    """What something was from one time to another."""

    RESOURCE = 'history'
    KIND = 'period'
    ORDER = 'began_at'
    fields = {
        'uuid': base.own_uuid('period'),
        'resource_type': fields.EnumField(
            ['pod_manager', 'node', 'rack', 'chassis', 'system', 'device'],
            doc='Kind of the resource.',
            api='r',
        ),
        'resource_uuid': fields.UUIDField(
            doc='UUID of the resource.', api='r'
        ),
        'field': fields.StringField(
            doc='What is described: a field such as health, power_state, '
            'state, status, provision_state or maintenance; condition; or '
            'claim: the hardware that a node has, the node that has a part.',
            api='r',
            max_length=32,
            filter=True,
        ),
        'value': fields.StringField(
            doc='The value of the field, the code of the condition, or the '
            'UUID of what is claimed or has claimed it.',
            api='r',
            max_length=255,
        ),
        **fields.error_text('reason', 'Why, if that is known.'),
        'user_id': fields.StringField(
            doc='User who requested the change; null: nobody did, it was '
            'observed.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        'request_id': fields.StringField(
            doc='Identifier of the API request, which its operations have.',
            api='r',
            nullable=True,
            max_length=64,
        ),
        'began_at': fields.DateTimeField(
            doc='When it began.',
            api='r',
            sort=('field',),
            tzinfo_aware=False,
        ),
        'ended_at': fields.DateTimeField(
            doc='When it ended; null: not yet.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        **base.timestamps(),
    }
