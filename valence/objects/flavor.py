# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields
from valence.objects import requirements
from valence.objects.hold import LEASE_ENDS
from valence.objects.hold import MAX_SECONDS


def _seconds(doc: str) -> fields.IntegerField:
    return fields.IntegerField(
        doc=doc, api='cru', nullable=True, minimum=1, maximum=MAX_SECONDS
    )


@ovo.VersionedObjectRegistry.register
class Flavor(base.ValenceObject):
    """Named hardware requirements."""

    VERSION = '1.2'
    RESOURCE = 'flavors'
    LINKED = True
    KIND = 'flavor'
    EVENTFUL = frozenset(
        (
            'name',
            'description',
            'properties',
            'lease_seconds',
            'lease_max_seconds',
            'lease_end',
        )
    )
    fields = {
        'uuid': base.own_uuid('flavor'),
        'name': fields.NameField(
            doc='Name of the flavor.',
            reserved=('choices',),
            api='cru',
            max_length=255,
            filter=True,
            sort=(),
        ),
        'description': fields.StringField(
            doc='Description of the flavor.',
            api='cru',
            nullable=True,
            max_length=1024,
        ),
        'scope': fields.StringField(
            doc='Project in which the name is unique; empty: global.',
            max_length=255,
        ),
        'properties': fields.ObjectField(
            doc='Hardware requirements.',
            api='cru',
            inner=requirements.SCHEMA,
        ),
        'is_public': fields.BooleanField(
            doc='Whether all projects can use the flavor. The default is '
            'true for users who may publish flavors, otherwise false.',
            api='cr',
            default=True,
            filter=True,
        ),
        'lease_seconds': _seconds(
            'The lease of its nodes in seconds, if a request has none; null: '
            '[lease] seconds.'
        ),
        'lease_max_seconds': _seconds(
            'The longest lease of its nodes in seconds, from the request on; '
            'null: [lease] max_seconds.'
        ),
        'lease_end': fields.EnumField(
            LEASE_ENDS,
            doc='What happens with its nodes at the end of their lease; null: '
            '[lease] end.',
            api='cru',
            nullable=True,
        ),
        'published_at': fields.DateTimeField(
            doc='Since when the flavor is published in Nova; null: it is not.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'project_id': fields.StringField(
            doc='Project that owns the flavor, if it is not public.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        **base.timestamps(sort=('is_public', 'project_id')),
    }
