# SPDX-License-Identifier: Apache-2.0
from typing import Any

from oslo_versionedobjects import base as ovo

from valence.common.schemas import Schema
from valence.objects import base
from valence.objects import fields
from valence.objects import requirements
from valence.objects.hold import MAX_SECONDS

#: States of a pool. It is unknown while its provisioner is away.
OK, SHORT, PAUSED = 'ok', 'short', 'paused'
DRAINING, DRAINED, UNKNOWN = 'draining', 'drained', 'unknown'
STATES = (OK, SHORT, PAUSED, DRAINING, DRAINED, UNKNOWN)
#: The most nodes of a pool: each look at a pool reads all of them.
MOST_NODES = 1000

#: How nodes are registered, by the names of fields of the API.
REGISTRATION: dict[str, fields.Spec] = {
    'manage': fields.BooleanField(
        doc='Whether Ironic verifies its login and makes the node manageable.'
    ),
    'inspect': fields.BooleanField(
        doc='Whether Ironic inspects the hardware; implies manage.'
    ),
    'provide': fields.BooleanField(
        doc='Whether Ironic cleans the node and makes it available; implies '
        'manage.'
    ),
    'resource_class': fields.StringField(
        doc="Resource class in Ironic. The default is the name of the node's "
        'flavor, or else [ironic] resource_class.',
        min_length=1,
        max_length=80,
    ),
    'traits': fields.ListField(
        doc='Traits in addition to those derived from the hardware.',
        items=requirements.TRAIT,
        inner={'maxItems': 40},
    ),
}
_REGISTER: Schema = {
    'properties': {
        name: field.input_schema() for name, field in REGISTRATION.items()
    },
    'additionalProperties': False,
}


def _nodes(doc: str, api: str = 'cru', **more: Any) -> fields.IntegerField:
    return fields.IntegerField(
        doc=doc, api=api, minimum=0, maximum=MOST_NODES, **more
    )


def _count(doc: str) -> fields.IntegerField:
    return _nodes(f'{doc}; null while that is unknown.', 'r', nullable=True)


def _time(doc: str, api: str = '') -> fields.DateTimeField:
    return fields.DateTimeField(
        doc=doc, api=api, nullable=True, tzinfo_aware=False
    )


@ovo.VersionedObjectRegistry.register
class Pool(base.ValenceObject):
    """Nodes of a flavor that are kept ready in Ironic."""

    VERSION = '1.1'
    RESOURCE = 'pools'
    LINKED = True
    KIND = 'pool'
    AUDIENCE = fields.Audience.SYSTEM
    EVENTFUL = frozenset(
        (
            *('name', 'description', 'pod_managers', 'register', 'enabled'),
            *('min_ready', 'max_ready', 'max_nodes', 'idle_seconds'),
            *('draining', 'state'),
        )
    )
    fields = {
        'uuid': base.own_uuid('pool'),
        'name': fields.NameField(
            doc='Name of the pool; the names of its nodes begin with it.',
            api='cru',
            max_length=200,
            filter=True,
            sort=(),
        ),
        'description': fields.StringField(
            doc='Description of the pool.',
            api='cru',
            nullable=True,
            max_length=1024,
        ),
        'flavor_uuid': fields.UUIDField(
            doc='UUID of the flavor.',
            api='cr',
            filter=True,
            refers=('flavor', 'Flavor'),
        ),
        'pod_managers': fields.ListField(
            items=fields.reference_schema('UUID or name.'),
            inner={'maxItems': 32},
            doc='UUIDs of the pod managers that its nodes are composed on, '
            'the first one that has room; empty: any.',
            api='cru',
            default=[],
        ),
        'min_ready': _nodes(
            'How many nodes are kept ready, as far as there is hardware for '
            'them.',
            default=1,
        ),
        'max_ready': _nodes(
            'Of more ready nodes, the oldest are released after '
            'idle_seconds; null: as many as min_ready.',
            nullable=True,
        ),
        'max_nodes': fields.IntegerField(
            doc='How many nodes the pool has at most, with those in use.',
            api='cru',
            minimum=1,
            maximum=MOST_NODES,
        ),
        'idle_seconds': fields.IntegerField(
            doc='For how long there may be more ready nodes than max_ready.',
            api='cru',
            default=600,
            minimum=0,
            maximum=MAX_SECONDS,
        ),
        'register': fields.ObjectField(
            doc='How its nodes are registered in Ironic.',
            api='cru',
            default={'provide': True},
            inner=_REGISTER,
        ),
        'project_id': fields.StringField(
            doc='Project that its nodes are for; null: all projects.',
            api='cr',
            nullable=True,
            max_length=255,
            format='project-id',
            filter=True,
        ),
        'enabled': fields.BooleanField(
            doc='Whether nodes are composed for it, and released.',
            api='cru',
            default=True,
            filter=True,
        ),
        'draining': fields.BooleanField(
            doc='Whether all nodes that are ready are released, until it is '
            'enabled again.',
            api='r',
            default=False,
        ),
        'ready': _count('Number of nodes that can be given to an instance'),
        'coming': _count('Number of nodes that are made ready'),
        'used': _count(
            'Number of nodes that have an instance, or are not usable for now'
        ),
        'wanted': _nodes(
            'Number of instances that found no host in Nova lately: so many '
            'more nodes than min_ready are made.',
            'r',
            default=0,
        ),
        'demands': fields.ObjectField(
            doc='When Nova had no host, by UUID of the instance.',
            nullable=True,
        ),
        'state': fields.EnumField(
            STATES,
            doc='ok; short, if there are less ready nodes than min_ready, and '
            'no more can be made; paused; draining, until all nodes that are '
            'ready are released, and then drained; unknown, while Ironic does '
            'not say what is ready. Nothing is done then.',
            api='r',
            filter=True,
            default=OK,
        ),
        'reason': fields.StringField(
            doc='The reason of the state.',
            api='r',
            nullable=True,
            max_length=4096,
        ),
        'checked_at': _time('When its nodes were counted.', 'r'),
        'retry_at': _time(
            'When another node is tried, after one could not be made. '
            'Hardware that becomes free is tried at once.',
            'r',
        ),
        'failures': fields.IntegerField(
            doc='How often in a row no node could be made.',
            default=0,
            minimum=0,
        ),
        'short_at': _time('When no node could be made.'),
        'surplus_at': _time('Since when more are ready than max_ready.'),
        'wanted_since': _time('Since when instances without host count.'),
        'due_at': fields.DateTimeField(
            doc='When it is looked at next.', tzinfo_aware=False
        ),
        'turn': fields.IntegerField(
            doc='How often it was looked at.', default=0, minimum=0
        ),
        'user_id': fields.StringField(
            doc='User who created the pool.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        **base.timestamps(sort=('flavor_uuid', 'state', 'project_id')),
    }
