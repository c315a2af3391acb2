# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields
from valence.objects import requirements

#: The longest times that can be requested: ten years.
MAX_SECONDS = 10 * 366 * 86400
#: What happens with a node at the end of its lease.
LEASE_ENDS = ('notify', 'power_off', 'unregister', 'release')
LEASE_STATES = ('none', 'running', 'warned', 'ending', 'overdue')

#: A hold that is active keeps what it has left; it ends in another state.
ACTIVE = 'active'
STATES = (ACTIVE, 'used', 'expired')

#: What is known of the reservation of a place: none was made, as far as is
#: known; a request is, or may be, on its way; there is one, or may be.
PENDING, SENDING, RESERVED = 'pending', 'sending', 'reserved'


@ovo.VersionedObjectRegistry.register
class Hold(base.ValenceObject):
    """Hardware that is kept for nodes of a project, until a time."""

    RESOURCE = 'holds'
    LINKED = True
    KIND = 'hold'
    VERSION = '1.1'
    EVENTFUL = frozenset(
        ('remaining', 'state', 'expires_at', 'reservation_error')
    )
    CHANGED = frozenset(('expires_at',))
    fields = {
        'uuid': base.own_uuid('hold'),
        'name': fields.NameField(
            doc='Name of the hold, unique within its project. One that has '
            'ended gives up its name to a new one.',
            api='cr',
            max_length=255,
            filter=True,
            sort=('podm_uuid', 'state', 'project_id'),
        ),
        'scope': fields.StringField(
            doc='Project in which the name is unique.', max_length=255
        ),
        'podm_uuid': fields.UUIDField(
            doc='UUID of the pod manager; null: of several.',
            api='cr',
            nullable=True,
            filter=True,
            refers=('pod_manager', 'PodManager'),
        ),
        'flavor_uuid': fields.UUIDField(
            doc='UUID of the flavor.',
            api='cr',
            nullable=True,
            filter=True,
            refers=('flavor', 'Flavor'),
        ),
        'resource_class': fields.StringField(
            doc='Name that the flavor had.', nullable=True, max_length=255
        ),
        'properties': fields.ObjectField(
            doc='Hardware requirements of each node.',
            api='cr',
            default={},
            inner=requirements.SCHEMA,
        ),
        'request': fields.ObjectField(
            doc='What else was requested: pod manager, resources, affinity.'
        ),
        'count': fields.IntegerField(
            doc='Number of nodes that hardware is held for.',
            api='cr',
            default=1,
            minimum=1,
            maximum=100,
        ),
        'remaining': fields.IntegerField(
            doc='Number of nodes that hardware is still held for.',
            api='r',
            minimum=0,
        ),
        'places': fields.ListField(
            items={'type': 'object'}, doc='The hardware for each of them.'
        ),
        'state': fields.EnumField(
            STATES,
            doc='active; used, when nodes have all of it; expired.',
            api='r',
            filter=True,
            default=ACTIVE,
        ),
        'expires_at': fields.DateTimeField(
            doc='When what is left of it is free again.',
            api='r',
            sort=('state', 'project_id'),
            tzinfo_aware=False,
        ),
        'ended_at': fields.DateTimeField(
            doc='When it was used up or expired.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        **fields.error_text(
            'reservation_error',
            'Why a pod manager that can reserve what is held does not; it is '
            'held all the same.',
        ),
        **base.held_by_project('hold'),
        **base.timestamps(
            sort=('podm_uuid', 'flavor_uuid', 'state', 'project_id')
        ),
    }


@ovo.VersionedObjectRegistry.register
class Reservation(base.ValenceObject):
    """What a pod manager reserves for a place of a hold."""

    RESOURCE = 'reservations'
    KIND = 'reservation'
    fields = {
        'uuid': base.own_uuid('reservation'),
        'hold_uuid': fields.UUIDField(
            doc='UUID of the hold, which may be deleted.'
        ),
        'node_uuid': fields.UUIDField(
            doc='UUID that the node will have which uses the place.'
        ),
        'podm_uuid': base.pod_manager_uuid(),
        'name': fields.StringField(doc='Name of the hold.', max_length=255),
        'place': fields.ObjectField(doc='The hardware.'),
        'state': fields.EnumField(
            (PENDING, SENDING, RESERVED), doc='What is known of it.'
        ),
        'progress': fields.ObjectField(
            doc='What the driver has recorded of the request.', default={}
        ),
        'attempts': fields.IntegerField(
            doc='How often it was requested, or deleted, in vain.', minimum=0
        ),
        'sent_at': fields.DateTimeField(
            doc='When it was requested; null: never.',
            nullable=True,
            tzinfo_aware=False,
        ),
        'due_at': fields.DateTimeField(
            doc='When it is looked at; null: when the hold ends.',
            nullable=True,
            tzinfo_aware=False,
        ),
        'claimed_until': fields.DateTimeField(
            doc='Until when a conductor has it to itself.',
            nullable=True,
            tzinfo_aware=False,
        ),
        **fields.error_text('error', 'Why there is none.'),
        **base.timestamps(),
    }
