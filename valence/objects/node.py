# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import drift
from valence.objects import fields
from valence.objects import requirements

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
FAULTS = (MISSING,)


def _charged(what: str) -> fields.IntegerField:
    return fields.IntegerField(
        doc=f'{what} that the project is charged with for it.',
        api='r',
        default=0,
        minimum=0,
    )


@ovo.VersionedObjectRegistry.register
class Node(base.ValenceObject):
    """A bare-metal server composed out of pooled hardware."""

    RESOURCE = 'nodes'
    KIND = 'node'
    fields = {
        'uuid': base.own_uuid('node'),
        'name': fields.NameField(
            doc='Name of the node, unique within its project.',
            api='cru',
            max_length=255,
            filter=True,
            sort=('podm_uuid', 'provision_state', 'project_id'),
        ),
        'description': fields.StringField(
            doc='Description of the node.',
            api='cru',
            nullable=True,
            max_length=1024,
        ),
        'scope': fields.StringField(
            doc='The project within which the name is unique.', max_length=255
        ),
        'podm_uuid': base.pod_manager_uuid(api='cr', nullable=True),
        'flavor_uuid': fields.UUIDField(
            doc='UUID of the flavor that it was composed by.',
            api='cr',
            nullable=True,
            filter=True,
            refers=('flavor', 'Flavor'),
        ),
        'properties': fields.ObjectField(
            doc='What was asked for.',
            api='cr',
            default={},
            inner=requirements.SCHEMA,
        ),
        'index': fields.StringField(
            doc='Identifier that the pod manager gives the node.',
            api='r',
            nullable=True,
            max_length=255,
            audience=fields.Audience.SYSTEM,
        ),
        'resource_uri': fields.StringField(
            doc='Path under which the pod manager shows the node.',
            api='r',
            nullable=True,
            max_length=2048,
            audience=fields.Audience.SYSTEM,
        ),
        'provision_state': fields.EnumField(
            PROVISION_STATES,
            doc='Where in its life the node is.',
            api='r',
            filter=True,
        ),
        'power_state': fields.EnumField(
            ['on', 'off', 'unknown'],
            doc='Whether the node is switched on.',
            api='r',
            filter=True,
            default='unknown',
        ),
        'drift': fields.DescribedField(
            doc='How the hardware differs from what was composed, and whether '
            'the provisioner does not know the node any more.',
            api='r',
            nullable=True,
            to_text=drift.describe,
            audience=fields.Audience.SYSTEM,
        ),
        'fault': fields.EnumField(
            FAULTS,
            doc='Why the node is in the state error, if it leaves that state '
            'by itself: missing, until a sync finds it on its pod manager '
            'again.',
            api='r',
            nullable=True,
        ),
        'managed_by': fields.StringField(
            doc='What has been handed the node to provision it, such as '
            'ironic, which knows it by the same UUID; null: nothing.',
            api='r',
            nullable=True,
            max_length=64,
            filter=True,
        ),
        'managed_state': fields.StringField(
            doc='State that it was in there when somebody looked last, in '
            'the words of what manages it; missing: it is not there any more.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        **fields.error_text('last_error', 'What went wrong last.'),
        'charged_cores': _charged('Processor cores'),
        'charged_memory_mib': _charged('Memory in MiB'),
        'charged_devices': _charged('Devices'),
        'project_id': fields.StringField(
            doc='Project that the node belongs to.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        'user_id': fields.StringField(
            doc='User who asked for the node.',
            api='r',
            nullable=True,
            max_length=255,
        ),
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
    """What requests of a project contend for while its nodes are summed up."""

    RESOURCE = 'project_usages'
    KIND = 'usage'
    fields = {
        'uuid': base.own_uuid('usage'),
        'project_id': fields.StringField(
            doc='Project whose nodes are summed up.', max_length=255
        ),
        **base.timestamps(),
    }
