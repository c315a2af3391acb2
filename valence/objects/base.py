# SPDX-License-Identifier: Apache-2.0
"""The base of all versioned objects."""

from typing import Any
from typing import ClassVar

from oslo_versionedobjects import base

from valence.objects import fields
from valence.objects.fields import Audience


class ValenceObject(base.VersionedObject):
    """One kind of resource: its fields, and the words it goes by.

    ``RESOURCE`` is the plural under which database, API and CLI know it,
    ``KIND`` what it is called in a sentence. ``AUDIENCE`` sees those fields
    that do not say themselves who sees them.
    """

    OBJ_PROJECT_NAMESPACE = 'valence'
    OBJ_SERIAL_NAMESPACE = 'valence_object'
    VERSION = '1.0'
    RESOURCE: ClassVar[str]
    KIND: ClassVar[str]
    AUDIENCE: ClassVar[Audience] = Audience.PROJECT
    # Each is a fields.Spec; the base class promises less.
    fields: dict[str, Any]

    @classmethod
    def seen_by(cls, audience: Audience) -> dict[str, Any]:
        """The fields that are for the eyes of an audience, by name."""
        return {
            name: field
            for name, field in cls.fields.items()
            if (field.audience or cls.AUDIENCE) <= audience
        }

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The values of a new object for the fields that have a default."""
        obj = cls()
        obj.obj_set_defaults()
        return {name: getattr(obj, name) for name in obj.obj_what_changed()}


def timestamps() -> dict[str, fields.Spec]:
    """The fields that every object ends with."""
    return {
        'created_at': fields.DateTimeField(
            doc='When it was created.',
            api='r',
            sort=True,
            tzinfo_aware=False,
        ),
        'updated_at': fields.DateTimeField(
            doc='When it was changed last.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
    }


def own_uuid(kind: str) -> fields.UUIDField:
    """The primary key of an object."""
    return fields.UUIDField(
        doc=f'UUID of the {kind}.',
        api='r',
        filter=True,
        sort=True,
        audience=Audience.PROJECT,
    )


def pod_manager_uuid(api: str = 'r', **kwargs: Any) -> fields.UUIDField:
    """The pod manager that something belongs to."""
    return fields.UUIDField(
        doc='UUID of the pod manager that it belongs to.',
        api=api,
        filter=True,
        refers=('pod_manager', 'PodManager'),
        **kwargs,
    )
