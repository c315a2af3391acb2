# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields
from valence.objects import requirements


@ovo.VersionedObjectRegistry.register
class Flavor(base.ValenceObject):
    """Named hardware requirements."""

    RESOURCE = 'flavors'
    LINKED = True
    KIND = 'flavor'
    EVENTFUL = frozenset(
        (
            'name',
            'description',
            'properties',
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
        'project_id': fields.StringField(
            doc='Project that owns the flavor, if it is not public.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        **base.timestamps(sort=('is_public', 'project_id')),
    }
