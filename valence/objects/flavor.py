# SPDX-License-Identifier: Apache-2.0
from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields
from valence.objects import requirements


@ovo.VersionedObjectRegistry.register
class Flavor(base.ValenceObject):
    """Requirements under a name."""

    RESOURCE = 'flavors'
    KIND = 'flavor'
    fields = {
        'uuid': base.own_uuid('flavor'),
        'name': fields.NameField(
            doc='Name of the flavor.',
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
            doc='The project within which the name is unique; empty: '
            'everywhere.',
            max_length=255,
        ),
        'properties': fields.ObjectField(
            doc='What it asks of hardware.',
            api='cru',
            inner=requirements.SCHEMA,
        ),
        'is_public': fields.BooleanField(
            doc='Whether every project may use it; so it is, unless said '
            'otherwise, where the asker may publish flavors.',
            api='cr',
            default=True,
            filter=True,
        ),
        'project_id': fields.StringField(
            doc='Project that it belongs to, if it is not public.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        **base.timestamps(sort=('is_public', 'project_id')),
    }
