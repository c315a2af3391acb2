# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields

#: The kind of what is charged before hardware is selected.
REQUESTED = 'requested'
#: The kind of what a hold keeps, and no node uses.
HELD = 'held'


@ovo.VersionedObjectRegistry.register
class UsageSpan(base.ValenceObject):
    """What a node or a hold was charged for a part, from a time to another."""

    RESOURCE = 'usage_spans'
    KIND = 'usage span'
    VERSION = '1.1'
    fields = {
        'uuid': base.own_uuid('span'),
        'project_id': fields.StringField(
            doc='Project that was charged.', nullable=True, max_length=255
        ),
        'node_uuid': fields.UUIDField(
            doc='UUID of the node; null: of a hold.', nullable=True
        ),
        'hold_uuid': fields.UUIDField(
            doc='UUID of the hold; null: of a node.', nullable=True
        ),
        'podm_uuid': fields.UUIDField(
            doc='UUID of the pod manager.', nullable=True
        ),
        'resource_uuid': fields.UUIDField(
            doc='UUID of the system or device; null: not selected yet.',
            nullable=True,
        ),
        'kind': fields.StringField(
            doc='system, the type of the device, requested, until hardware is '
            'selected, or held.',
            max_length=64,
        ),
        'model': fields.StringField(
            doc='Model of the part.', nullable=True, max_length=255
        ),
        'cores': fields.IntegerField(doc='Processor cores.', minimum=0),
        'memory_mib': fields.IntegerField(doc='Memory in MiB.', minimum=0),
        'devices': fields.IntegerField(doc='Devices.', minimum=0),
        'opened_at': fields.DateTimeField(
            doc='When the charge began.', tzinfo_aware=False
        ),
        'closed_at': fields.DateTimeField(
            doc='When it ended; null: not yet.',
            nullable=True,
            tzinfo_aware=False,
        ),
        **base.timestamps(),
    }
