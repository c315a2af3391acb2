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
STEP_STATES = ('running', 'done', 'undone')


def _moment(doc: str, api: str = 'r') -> fields.DateTimeField:
    return fields.DateTimeField(
        doc=doc, api=api, nullable=True, tzinfo_aware=False
    )


@ovo.VersionedObjectRegistry.register
class Operation(base.ValenceObject):
    """A change that has to reach hardware, from wish to outcome."""

    RESOURCE = 'operations'
    KIND = 'operation'
    fields = {
        'uuid': base.own_uuid('operation'),
        'action': fields.StringField(
            doc='What is to be done: compose, release, reset, sync …',
            api='r',
            max_length=64,
            filter=True,
        ),
        'params': fields.ObjectField(doc='What the action needs to know.'),
        'target_type': fields.StringField(
            doc='Kind of resource that is changed.', api='r', max_length=64
        ),
        'target_uuid': fields.UUIDField(
            doc='UUID of the resource that is changed.', api='r', filter=True
        ),
        'podm_uuid': base.pod_manager_uuid(nullable=True),
        'state': fields.EnumField(
            OPERATION_STATES,
            doc='How far it is.',
            api='r',
            filter=True,
            default='pending',
        ),
        'excluded_systems': fields.ListField(
            items={'type': 'object'},
            doc='The systems that did not work when this operation composed '
            'with them, each with the reason.',
            nullable=True,
        ),
        'progress': fields.IntegerField(
            doc='How far it is, in percent.', api='r', default=0, minimum=0
        ),
        'step': fields.StringField(
            doc='The step that is being done, or was done last.',
            api='r',
            nullable=True,
            max_length=64,
        ),
        'undoing': fields.BooleanField(
            doc='Whether what was done is being undone.',
            api='r',
            default=False,
        ),
        'attempt': fields.IntegerField(
            doc='How often the present step has been tried.',
            api='r',
            default=0,
        ),
        **fields.error_text('error', 'Why it failed.'),
        'conductor': fields.UUIDField(
            doc='UUID of the conductor that works on it.',
            api='r',
            nullable=True,
        ),
        'claim': fields.StringField(
            doc='Token of that conductor: who holds it may go on.',
            nullable=True,
            max_length=36,
        ),
        'cancel_requested': fields.BooleanField(
            doc='Whether somebody wants it stopped.', api='r', default=False
        ),
        'lock_key': fields.StringField(
            doc='What no other open operation may work on.',
            nullable=True,
            max_length=255,
        ),
        'run_after': _moment('Not to be taken up before.', api=''),
        'request_id': fields.StringField(
            doc='Identifier of the request that asked for it.',
            api='r',
            nullable=True,
            max_length=64,
        ),
        'user_id': fields.StringField(
            doc='User who asked for it; null: Valence itself.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        'project_id': fields.StringField(
            doc='Project that it belongs to.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        'started_at': _moment('When it was first taken up.'),
        'finished_at': _moment('When it came to its end.'),
        **base.timestamps(
            sort=('action', 'target_uuid', 'podm_uuid', 'state', 'project_id')
        ),
    }


@ovo.VersionedObjectRegistry.register
class OperationStep(base.ValenceObject):
    """One line of an operation's journal."""

    RESOURCE = 'operation_steps'
    KIND = 'operation step'
    fields = {
        'uuid': base.own_uuid('step'),
        'operation_uuid': fields.UUIDField(doc='The operation it is of.'),
        'n': fields.IntegerField(doc='Place in the order.', api='r'),
        'name': fields.StringField(
            doc='What is done.', api='r', max_length=64
        ),
        'intent': fields.ObjectField(
            doc='What was wanted, written before anything is sent.'
        ),
        'result': fields.ObjectField(
            doc='What came of it.',
            api='r',
            nullable=True,
            audience=fields.Audience.ADMIN,
        ),
        'state': fields.EnumField(
            STEP_STATES, doc='How far the step is.', api='r'
        ),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class Allocation(base.ValenceObject):
    """The claim of a node, or of a project, on a piece of hardware."""

    RESOURCE = 'allocations'
    KIND = 'allocation'
    fields = {
        'uuid': base.own_uuid('allocation'),
        'resource_uuid': fields.UUIDField(doc='What is claimed.'),
        'node_uuid': fields.UUIDField(
            doc='The node that claims it, if a node does.', nullable=True
        ),
        'reserved_to': fields.StringField(
            doc='The project that had it last, and to which it is reserved '
            'because nobody has erased it.',
            nullable=True,
            max_length=255,
        ),
        'podm_uuid': base.pod_manager_uuid(),
        'observed': fields.ObjectField(
            doc='What of it tells whether it is still what the node was made '
            'of.',
            nullable=True,
        ),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class PendingRefresh(base.ValenceObject):
    """A resource that an event named, until it has been read anew."""

    RESOURCE = 'pending_refreshes'
    KIND = 'pending refresh'
    fields = {
        'uuid': base.own_uuid('pending refresh'),
        'podm_uuid': base.pod_manager_uuid(),
        'uri': fields.StringField(doc='What changed.', max_length=2048),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class Conductor(base.ValenceObject):
    """A worker process, as long as it lives."""

    RESOURCE = 'conductors'
    KIND = 'conductor'
    fields = {
        'uuid': base.own_uuid('conductor'),
        'hostname': fields.StringField(
            doc='Host that it runs on.',
            api='r',
            max_length=255,
            filter=True,
            sort=(),
        ),
        'heartbeat_at': fields.DateTimeField(
            doc='When it last said that it lives.', api='r', tzinfo_aware=False
        ),
        'drivers': fields.ListField(
            items={'type': 'string'},
            doc='Drivers that it has loaded.',
            api='r',
        ),
        **base.timestamps(sort=()),
    }
