# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields

# What differs may be hidden for a time, or permanently.
_HIDE = ('forget', 'accept')
#: What an administrator can do about each kind of findings.
ACTIONS: dict[str, tuple[str, ...]] = {
    'existing_node': ('adopt', *_HIDE),
    # It belongs to another Valence.
    'other_installation': _HIDE,
    'unknown_node': ('adopt', 'release', *_HIDE),
    'left_behind': ('adopt', 'release', *_HIDE),
    'stray': ('release', *_HIDE),
    'lost_node': _HIDE,
    'changed_hardware': _HIDE,
    'ghost_part': _HIDE,
    'idle_part': _HIDE,
    # Nothing is sent to the service before it is accepted.
    'service_changed': ('accept',),
    'provisioner_missing': _HIDE,
    'changed_registration': _HIDE,
    'not_undone': _HIDE,
    'missing_part': _HIDE,
    'unexpected_part': _HIDE,
    'different_part': _HIDE,
    'moved_part': _HIDE,
}
KINDS = tuple(ACTIONS)
STATES = ('open', 'accepted', 'resolved', 'forgotten')


@ovo.VersionedObjectRegistry.register
class Finding(base.ValenceObject):
    """Hardware that should not be there, or is missing."""

    VERSION = '1.4'
    RESOURCE = 'findings'
    LINKED = True
    KIND = 'finding'
    EVENTFUL = frozenset(
        (
            'state',
            'reason',
            'accepted_until',
            'repair',
            'podm_uuid',
        )
    )
    AUDIENCE = fields.Audience.SYSTEM
    fields = {
        'uuid': base.own_uuid('finding'),
        'podm_uuid': base.pod_manager_uuid(nullable=True),
        'kind': fields.EnumField(
            KINDS,
            doc='Kind of the finding: a composed node without a mark '
            '(existing_node), with the mark of another Valence '
            '(other_installation), with our mark but without a node '
            '(unknown_node), of a node that was removed by force '
            '(left_behind) or of an operation that failed (stray); a node '
            'that the pod manager no longer shows (lost_node) or that is '
            'other hardware now (changed_hardware); a part that belongs to a '
            'node without being allocated (ghost_part) or the reverse '
            '(idle_part); a pod manager that is another service now '
            '(service_changed); a node that its provisioner does not know any '
            'more (provisioner_missing), or of which it shows other values '
            'than it was given (changed_registration); what an operation that '
            'could not be undone may have left (not_undone); a part that is '
            'expected and not there (missing_part) or the reverse '
            '(unexpected_part), that is not as expected (different_part), or '
            'elsewhere (moved_part).',
            api='r',
            filter=True,
        ),
        'subject': fields.StringField(
            doc='UUID or URI of what the finding is about.',
            api='r',
            max_length=2048,
        ),
        'resource_uri': fields.StringField(
            doc='Path under which the pod manager shows it.',
            api='r',
            nullable=True,
            max_length=2048,
        ),
        'node_uuid': fields.UUIDField(
            doc='UUID of the node that it is, was, or belongs to.',
            api='r',
            nullable=True,
            filter=True,
        ),
        'name': fields.StringField(
            doc='Name of that node, or the name that the pod manager shows.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        'project_id': fields.StringField(
            doc='Project that the node belongs or belonged to.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        'reason': fields.StringField(
            doc='What was seen, and what was expected.',
            api='r',
            max_length=4096,
        ),
        'details': fields.ObjectField(
            doc='What was seen: mark, system and its size, identity, parts.',
            api='r',
            default={},
        ),
        'state': fields.EnumField(
            STATES,
            doc='State: open; accepted, for a time or for good; resolved, by '
            'itself or by an action; or forgotten, until it changes.',
            api='r',
            filter=True,
            default='open',
        ),
        'accepted_until': fields.DateTimeField(
            doc='When an accepted finding opens again; null: never.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'repair': fields.UUIDField(
            doc='UUID of the operation that repairs it.',
            api='r',
            nullable=True,
        ),
        'syncs': fields.IntegerField(
            doc='Number of complete syncs that saw it.',
            api='r',
            default=0,
            minimum=0,
        ),
        'first_seen_at': fields.DateTimeField(
            doc='When it was seen first.', api='r', tzinfo_aware=False
        ),
        'last_seen_at': fields.DateTimeField(
            doc='When it was seen last.', api='r', tzinfo_aware=False
        ),
        'open_key': fields.StringField(
            doc='What makes it unique while it is open.',
            nullable=True,
            max_length=64,
        ),
        **base.timestamps(sort=('podm_uuid', 'kind', 'state', 'project_id')),
    }


@ovo.VersionedObjectRegistry.register
class Installation(base.ValenceObject):
    """This Valence, as its marks on hardware name it."""

    RESOURCE = 'installations'
    KIND = 'installation'
    fields = {
        'uuid': base.own_uuid('installation'),
        **base.timestamps(),
    }
