# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields

OPERATION_STATES = (
    'pending',
    'running',
    'succeeded',
    'failed',
    'cancelled',
)
# Others are of Valence only, such as how to reach a service.
_SHOWN_PARAMS = (
    *('type', 'target', 'mode', 'enabled', 'device'),
    *('resources', 'affinity', 'register', 'resource_class', 'traits'),
    *('finding', 'unregister', 'force'),
)
STEP_STATES = ('running', 'done', 'undone')


def _time(doc: str, api: str = 'r') -> fields.DateTimeField:
    return fields.DateTimeField(
        doc=doc, api=api, nullable=True, tzinfo_aware=False
    )


@ovo.VersionedObjectRegistry.register
class Operation(base.ValenceObject):
    """An asynchronous change of hardware."""

    RESOURCE = 'operations'
    LINKED = True
    KIND = 'operation'
    EVENTFUL = frozenset(
        (
            'started_at',
            'finished_at',
            'cancel_requested',
        )
    )
    VERSION = '1.2'
    fields = {
        'uuid': base.own_uuid('operation'),
        'action': fields.StringField(
            doc='Action: compose, release, reset, sync …',
            api='r',
            max_length=64,
            filter=True,
        ),
        'params': fields.ObjectField(
            doc='Parameters of the action: the type of a reset; the target, '
            'mode and duration (enabled) of a boot source; the UUID of a '
            'device; what a node was requested with, beside its own fields.',
            api='r',
            shown=_SHOWN_PARAMS,
        ),
        'target_type': fields.StringField(
            doc='Kind of the target resource.', api='r', max_length=64
        ),
        'target_uuid': fields.UUIDField(
            doc='UUID of the target resource.', api='r', filter=True
        ),
        'podm_uuid': base.pod_manager_uuid(nullable=True),
        'state': fields.EnumField(
            OPERATION_STATES,
            doc='State of the operation.',
            api='r',
            filter=True,
            default='pending',
        ),
        'excluded_systems': fields.ListField(
            items={'type': 'object'},
            doc='Systems that failed to compose, each with the reason; they '
            'are not selected again.',
            nullable=True,
        ),
        'progress': fields.IntegerField(
            doc='Progress in percent.', api='r', default=0, minimum=0
        ),
        'step': fields.StringField(
            doc='Current or last step.',
            api='r',
            nullable=True,
            max_length=64,
        ),
        'undoing': fields.BooleanField(
            doc='Whether completed steps are being undone.',
            api='r',
            default=False,
        ),
        'attempt': fields.IntegerField(
            doc='Number of attempts of the current step.',
            api='r',
            default=0,
        ),
        **fields.error_text('error', 'Why the operation failed.'),
        'nearest': fields.ObjectField(
            doc='The largest similar requirements that could be met, if '
            'there is no hardware for a node.',
            api='r',
            nullable=True,
            audience=fields.Audience.SYSTEM,
        ),
        'conductor': fields.UUIDField(
            doc='UUID of the conductor that runs the operation.',
            api='r',
            nullable=True,
        ),
        'claim': fields.StringField(
            doc='Token of the conductor that may run the operation.',
            nullable=True,
            max_length=36,
        ),
        'cancel_requested': fields.BooleanField(
            doc='Whether cancellation was requested.', api='r', default=False
        ),
        'lock_key': fields.StringField(
            doc='Lock that no two open operations share.',
            nullable=True,
            max_length=255,
        ),
        'run_after': _time(
            'Earliest time at which the operation may run.', api=''
        ),
        'request_id': fields.StringField(
            doc='Identifier of the API request.',
            api='r',
            nullable=True,
            max_length=64,
        ),
        'global_request_id': fields.StringField(
            doc='Identifier that the client sent as X-OpenStack-Request-ID.',
            api='r',
            nullable=True,
            max_length=64,
        ),
        'user_id': fields.StringField(
            doc='User who requested the operation; null: Valence.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        'project_id': fields.StringField(
            doc='Project that owns the operation.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        'started_at': _time('Time of the first start.'),
        'finished_at': _time('Time of the end.'),
        **base.timestamps(
            sort=('action', 'target_uuid', 'podm_uuid', 'state', 'project_id')
        ),
    }


@ovo.VersionedObjectRegistry.register
class OperationStep(base.ValenceObject):
    """An entry of the journal of an operation."""

    RESOURCE = 'operation_steps'
    KIND = 'operation step'
    fields = {
        'uuid': base.own_uuid('step'),
        'operation_uuid': fields.UUIDField(doc='UUID of the operation.'),
        'n': fields.IntegerField(doc='Position in the journal.', api='r'),
        'name': fields.StringField(
            doc='Name of the step.', api='r', max_length=64
        ),
        'intent': fields.ObjectField(
            doc='Intended change, stored before anything is sent.'
        ),
        'result': fields.ObjectField(
            doc='Result of the step.',
            api='r',
            nullable=True,
            audience=fields.Audience.ADMIN,
        ),
        'state': fields.EnumField(
            STEP_STATES, doc='State of the step.', api='r'
        ),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class Allocation(base.ValenceObject):
    """The allocation of hardware to a node or a hold, or its reservation."""

    VERSION = '1.1'

    RESOURCE = 'allocations'
    KIND = 'allocation'
    fields = {
        'uuid': base.own_uuid('allocation'),
        'resource_uuid': fields.UUIDField(doc='UUID of the hardware.'),
        'node_uuid': fields.UUIDField(
            doc='UUID of the node; null: held or reserved.', nullable=True
        ),
        'hold_uuid': fields.UUIDField(
            doc='UUID of the hold, if it has the hardware.', nullable=True
        ),
        'reserved_to': fields.StringField(
            doc='Project that used the hardware last, if it is reserved for '
            'that project because it was not erased.',
            nullable=True,
            max_length=255,
        ),
        'podm_uuid': base.pod_manager_uuid(),
        'observed': fields.ObjectField(
            doc='Properties of the hardware at the time of allocation; drift '
            'is detected by comparing them.',
            nullable=True,
        ),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class Share(base.ValenceObject):
    """A place of a device that several nodes share."""

    VERSION = '1.1'

    RESOURCE = 'shares'
    KIND = 'share'
    fields = {
        'uuid': base.own_uuid('share'),
        'resource_uuid': fields.UUIDField(doc='UUID of the device.'),
        'place': fields.IntegerField(
            doc='Number of the place, unique for the device.', minimum=0
        ),
        'node_uuid': fields.UUIDField(
            doc='UUID of the node; null: held.', nullable=True
        ),
        'hold_uuid': fields.UUIDField(
            doc='UUID of the hold, if it has the place.', nullable=True
        ),
        'podm_uuid': base.pod_manager_uuid(),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class PendingRefresh(base.ValenceObject):
    """A resource that an event reported, until it is read again."""

    RESOURCE = 'pending_refreshes'
    KIND = 'pending refresh'
    fields = {
        'uuid': base.own_uuid('pending refresh'),
        'podm_uuid': base.pod_manager_uuid(),
        'uri': fields.StringField(doc='URI of the resource.', max_length=2048),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class Conductor(base.ValenceObject):
    """A running worker process."""

    RESOURCE = 'conductors'
    KIND = 'conductor'
    fields = {
        'uuid': base.own_uuid('conductor'),
        'hostname': fields.StringField(
            doc='Host name.',
            api='r',
            max_length=255,
            filter=True,
            sort=(),
        ),
        'heartbeat_at': fields.DateTimeField(
            doc='Time of the last heartbeat.', api='r', tzinfo_aware=False
        ),
        'drivers': fields.ListField(
            items={'type': 'string'},
            doc='Loaded drivers.',
            api='r',
        ),
        **base.timestamps(sort=()),
    }
