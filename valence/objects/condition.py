# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields

#: What a condition can be of.
SUBJECTS = ('pod_manager', 'rack', 'chassis', 'system', 'device')
#: Those that members of projects see, with the message of a condition.
SEEN_SUBJECTS = ('pod_manager', 'device')
NO_NEW_NODES = 'no_new_nodes'
NO_CHANGE = 'no_change'
NO_RELEASE = 'no_release'
QUIET = 'quiet'
EFFECTS = (NO_NEW_NODES, NO_CHANGE, NO_RELEASE, QUIET)
#: The code of the condition that the field ``maintenance`` shows.
MAINTENANCE = 'maintenance'
#: The code of what health that the hardware reports has caused.
CRITICAL = 'health_critical'


def public_text(subject: str, message: str, tenant_message: str | None) -> str:
    """What members of projects may read of a condition."""
    if subject in SEEN_SUBJECTS:
        return message
    return tenant_message or 'ask the operator'


@ovo.VersionedObjectRegistry.register
class Condition(base.ValenceObject):
    """Why hardware must not be used, changed or released for now."""

    RESOURCE = 'conditions'
    LINKED = True
    KIND = 'condition'
    EVENTFUL = frozenset(
        ('message', 'tenant_message', 'effects', 'until', 'state')
    )
    AUDIENCE = fields.Audience.SYSTEM
    fields = {
        'uuid': base.own_uuid('condition'),
        'podm_uuid': base.pod_manager_uuid(),
        'subject': fields.EnumField(
            SUBJECTS,
            doc='Kind of what has the condition. It also holds for all that '
            'is in it: one of a rack for the systems in the rack.',
            api='cr',
            filter=True,
        ),
        'subject_uuid': fields.UUIDField(
            doc='UUID of what has the condition.', api='r', filter=True
        ),
        'subject_name': fields.StringField(
            doc='Name of what has the condition.', api='r', max_length=255
        ),
        'code': fields.StringField(
            doc='Identifier of the reason, such as water_leak. A subject has '
            'at most one condition with each code: setting it again replaces '
            'it. The field maintenance of a pod manager shows whether it has '
            'one with the code maintenance; Valence sets health_critical '
            'itself.',
            api='cr',
            min_length=1,
            max_length=64,
            format='resource-name',
            filter=True,
        ),
        'message': fields.StringField(
            doc='The reason, for operators.',
            api='cr',
            min_length=1,
            max_length=1024,
        ),
        'tenant_message': fields.StringField(
            doc='The reason, for members of projects who do not see the '
            'subject.',
            api='cr',
            nullable=True,
            max_length=1024,
        ),
        'effects': fields.ListField(
            items={'type': 'string', 'enum': [*EFFECTS]},
            inner={
                **{'uniqueItems': True, 'minItems': 1},
                'maxItems': len(EFFECTS),
            },
            doc='What follows: no_new_nodes: no node is composed of it; '
            'no_change: its nodes are not changed; no_release: they are not '
            'deleted; quiet: its findings are not repaired automatically, '
            'and metrics do not show whether a pod manager is online.',
            api='cr',
            default=[NO_NEW_NODES],
        ),
        'until': fields.DateTimeField(
            doc='When it ends; null: when it is deleted.',
            api='cr',
            nullable=True,
            tzinfo_aware=False,
        ),
        'source': fields.EnumField(
            ['operator', 'observed'],
            doc='Whether it was set by a request, or follows from what the '
            'hardware reports.',
            api='r',
            filter=True,
            default='operator',
        ),
        'state': fields.EnumField(
            ['active', 'pending'],
            doc='Whether it has effects. One that was observed has effects, '
            'and ends, when [conditions] looks and damping confirm it.',
            api='r',
            filter=True,
            default='active',
        ),
        'keeps_away': fields.BooleanField(
            doc='Whether one of its effects is no_new_nodes.', default=True
        ),
        'looks': fields.IntegerField(
            doc='Number of observations in a row that contradict its state.',
            default=0,
            minimum=0,
        ),
        'contradicted_at': fields.DateTimeField(
            doc='Time of the first of them.',
            nullable=True,
            tzinfo_aware=False,
        ),
        'user_id': fields.StringField(
            doc='User who set it; null: Valence.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        **base.timestamps(
            sort=('podm_uuid', 'subject', 'subject_uuid', 'code')
        ),
    }


@ovo.VersionedObjectRegistry.register
class ConditionLock(base.ValenceObject):
    """What a transaction locks that changes conditions of a pod manager."""

    RESOURCE = 'condition_locks'
    KIND = 'condition lock'
    fields = {
        'uuid': base.own_uuid('lock'),
        'podm_uuid': base.pod_manager_uuid(),
        **base.timestamps(),
    }
