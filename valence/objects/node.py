# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.common.schemas import Schema
from valence.objects import base
from valence.objects import drift
from valence.objects import fields
from valence.objects import requirements
from valence.objects.hold import LEASE_ENDS
from valence.objects.hold import LEASE_STATES

PROVISION_STATES = (
    'composing',
    'active',
    'updating',
    'adopting',
    'releasing',
    'error',
)

#: The node is not found on its pod manager.
MISSING = 'missing'
CHANGED_HARDWARE = 'changed_hardware'
FAULTS = (MISSING, CHANGED_HARDWARE)


def _allowed(doc: str) -> Schema:
    """The schema of a list that is null where the values are unknown."""
    return {
        'description': f'{doc}; null: not listed by the pod manager.',
        'type': ['array', 'null'],
        'items': {'type': 'string'},
    }


_ALLOWABLE: Schema = {
    'properties': {
        'reset_types': _allowed('Types of the action Reset'),
        'boot_targets': _allowed('Targets of the action Boot'),
        'boot_modes': _allowed('Modes of the action Boot'),
    },
    'required': ['reset_types', 'boot_targets', 'boot_modes'],
    'additionalProperties': False,
}


_BOOT: Schema = {
    'properties': {
        'enabled': {'type': 'string'},
        'target': {'type': 'string'},
        'mode': {'type': ['string', 'null']},
    },
    'required': ['enabled', 'target', 'mode'],
    'additionalProperties': False,
}


def _shown(doc: str, kind: str = 'string') -> Schema:
    """The schema of what a provisioner may show."""
    return {
        'description': f'{doc}; null: the provisioner does not say so.',
        'type': [kind, 'null'],
    }


_MANAGED: Schema = {
    'properties': {
        'maintenance': _shown('Whether it is in maintenance there', 'boolean'),
        'maintenance_reason': _shown('Why it is in maintenance'),
        'fault': _shown('The fault because of which it is in maintenance'),
        'retired': _shown('Whether it is retired there', 'boolean'),
        'retired_reason': _shown('Why it is retired'),
        'health': _shown('Health of the hardware as the provisioner sees it'),
        'unsupported': {
            'description': 'What the version of the provisioner does not '
            'know; it is neither set nor shown.',
            'type': 'array',
            'items': {'type': 'string'},
        },
    },
    'required': [
        *('maintenance', 'maintenance_reason', 'fault', 'retired'),
        *('retired_reason', 'health', 'unsupported'),
    ],
    'additionalProperties': False,
}


@ovo.VersionedObjectRegistry.register
class Node(base.ValenceObject):
    """A bare-metal server composed from pooled hardware."""

    VERSION = '1.6'
    RESOURCE = 'nodes'
    LINKED = True
    KIND = 'node'
    EVENTFUL = frozenset(
        (
            'name',
            'description',
            'provision_state',
            'power_state',
            'drift',
            'fault',
            'managed_by',
            'managed_state',
            'managed_status',
            'last_error',
            'lease_until',
            'lease_state',
        )
    )
    fields = {
        'uuid': base.own_uuid('node'),
        'name': fields.NameField(
            doc='Name of the node, unique within its project.',
            api='cru',
            max_length=255,
            filter=True,
            sort=('podm_uuid', 'provision_state', 'project_id'),
            reserved=('manage', 'preview'),
        ),
        'description': fields.StringField(
            doc='Description of the node.',
            api='cru',
            nullable=True,
            max_length=1024,
        ),
        'scope': fields.StringField(
            doc='Project in which the name is unique.', max_length=255
        ),
        'podm_uuid': base.pod_manager_uuid(api='cr', nullable=True),
        'flavor_uuid': fields.UUIDField(
            doc='UUID of the flavor.',
            api='cr',
            nullable=True,
            filter=True,
            refers=('flavor', 'Flavor'),
        ),
        'properties': fields.ObjectField(
            doc='Hardware requirements.',
            api='cr',
            default={},
            inner=requirements.SCHEMA,
        ),
        'index': fields.StringField(
            doc='Identifier of the node on the pod manager.',
            api='r',
            nullable=True,
            max_length=255,
            audience=fields.Audience.SYSTEM,
        ),
        'resource_uri': fields.StringField(
            doc='URI of the node on the pod manager.',
            api='r',
            nullable=True,
            max_length=2048,
            audience=fields.Audience.SYSTEM,
        ),
        'baseline': fields.ObjectField(
            doc='What identified its hardware when it was composed.',
            nullable=True,
        ),
        'provision_state': fields.EnumField(
            PROVISION_STATES,
            doc='Provision state.',
            api='r',
            filter=True,
        ),
        'power_state': fields.EnumField(
            ['on', 'off', 'unknown'],
            doc='Power state.',
            api='r',
            filter=True,
            default='unknown',
        ),
        'drift': fields.DescribedField(
            doc='How the hardware differs from what was composed, and whether '
            'the provisioner lost the node or shows other values than it was '
            'given.',
            api='r',
            nullable=True,
            to_text=drift.describe,
            audience=fields.Audience.SYSTEM,
        ),
        'fault': fields.EnumField(
            FAULTS,
            doc='What is wrong with the hardware of a node in the state '
            'error: missing, until a sync finds it on its pod manager again; '
            'changed_hardware, because something else is shown in its place.',
            api='r',
            nullable=True,
        ),
        'allowable': fields.ObjectField(
            doc='What its pod manager allows to request for the node; null '
            'while that is unknown.',
            api='r',
            nullable=True,
            inner=_ALLOWABLE,
        ),
        'boot': fields.ObjectField(
            doc='The boot source that was last set for the node: enabled '
            '(Once lasts for one start), target, and mode, null if it was '
            'left unchanged; null: none was set.',
            api='r',
            nullable=True,
            inner=_BOOT,
        ),
        'managed_by': fields.StringField(
            doc='Provisioner that the node is registered with under the same '
            'UUID, such as ironic; null: none.',
            api='r',
            nullable=True,
            max_length=64,
            filter=True,
        ),
        'managed_state': fields.StringField(
            doc='Last known state in the provisioner, in its own terms; '
            'missing: the provisioner no longer has the node.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        'managed_status': fields.ObjectField(
            doc='Maintenance, fault, retirement and health of the node in the '
            'provisioner, as last read; null: not read yet, or none.',
            api='r',
            nullable=True,
            inner=_MANAGED,
        ),
        'managed_error': fields.StringField(
            doc='Last error of the node in the provisioner.',
            api='r',
            nullable=True,
            max_length=1024,
            audience=fields.Audience.SYSTEM,
        ),
        'resource_class': fields.StringField(
            doc='Resource class in the provisioner: the name that the flavor '
            'had when the node was composed, or the one it was registered '
            'with; null: not decided yet.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        'registration': fields.ObjectField(
            doc='What was handed over to the provisioner, without secrets.',
            nullable=True,
        ),
        **fields.error_text('last_error', 'Last error.'),
        'lease_until': fields.DateTimeField(
            doc='When the node is to be given back; null: never.',
            api='cru',
            nullable=True,
            filter=True,
            tzinfo_aware=False,
        ),
        'lease_end': fields.EnumField(
            LEASE_ENDS,
            doc='What happens then: an event is sent, or the node is powered '
            'off, removed from Ironic, or released. The default is that of '
            'the flavor, or else [lease] end.',
            api='cru',
            default='notify',
        ),
        'lease_state': fields.EnumField(
            LEASE_STATES,
            doc='none; running; warned, if it ends soon; ending; overdue, if '
            'it is over, and the node still there.',
            api='r',
            filter=True,
            default='none',
        ),
        'force_at': fields.DateTimeField(
            doc='When a node whose lease is over is taken from Ironic even '
            'if that has an instance on it; null: never.',
            api='ur',
            nullable=True,
            tzinfo_aware=False,
        ),
        'lease_due_at': fields.DateTimeField(
            doc='When the lease is looked at next.',
            nullable=True,
            tzinfo_aware=False,
        ),
        'lease_operation': fields.UUIDField(
            doc='UUID of the operation that ends the lease.', nullable=True
        ),
        'pool_uuid': fields.UUIDField(
            doc='UUID of the pool that the node belongs to; null: none.',
            api='r',
            nullable=True,
            filter=True,
            refers=('pool', 'Pool'),
            audience=fields.Audience.SYSTEM,
        ),
        'pool_state': fields.StringField(
            doc='How it stands in the pool.', nullable=True, max_length=16
        ),
        'pool_state_at': fields.DateTimeField(
            doc='Since when it stands so.',
            nullable=True,
            tzinfo_aware=False,
        ),
        **base.held_by_project('node'),
        **base.timestamps(
            sort=(
                'podm_uuid',
                'flavor_uuid',
                'provision_state',
                'power_state',
                'project_id',
            )
        ),
    }


@ovo.VersionedObjectRegistry.register
class ProjectUsage(base.ValenceObject):
    """A lock on the usage of a project while quota is checked."""

    RESOURCE = 'project_usages'
    KIND = 'usage'
    fields = {
        'uuid': base.own_uuid('usage'),
        'project_id': fields.StringField(
            doc='Project whose usage is checked.', max_length=255
        ),
        **base.timestamps(),
    }
