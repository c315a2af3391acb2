# SPDX-License-Identifier: Apache-2.0
"""The base of all versioned objects."""

from collections.abc import Iterator
from typing import Any
from typing import ClassVar

from oslo_versionedobjects import base

from valence.objects import fields
from valence.objects.fields import Audience


class ValenceObject(base.VersionedObject):
    """One kind of resource: its fields, and the words it goes by.

    ``RESOURCE`` is the plural under which database, API and CLI know it,
    ``KIND`` what it is called in a sentence. ``AUDIENCE`` sees those fields
    that do not say themselves who sees them. ``ORDER`` is what collections
    are sorted by unless somebody asks for another order.
    """

    OBJ_PROJECT_NAMESPACE = 'valence'
    OBJ_SERIAL_NAMESPACE = 'valence_object'
    VERSION = '1.0'
    RESOURCE: ClassVar[str]
    KIND: ClassVar[str]
    AUDIENCE: ClassVar[Audience] = Audience.PROJECT
    ORDER: ClassVar[str] = 'created_at'
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
    def pairs(cls) -> Iterator[tuple[str | None, str]]:
        """What collections are filtered and sorted by together.

        Each pair is the name of a field that has to equal some value, or
        None, and that of the field to sort by. A field that nothing is paired
        with is sorted by itself.
        """
        paired = {'uuid'}
        for key, field in cls.fields.items():
            if field.sort is not None and key != 'uuid':
                yield None, key
                paired.add(key)
                for name in field.sort:
                    yield name, key
                    paired.add(name)
        for name, field in cls.fields.items():
            if field.filter and name not in paired and cls._is_sorted():
                yield name, name

    @classmethod
    def _is_sorted(cls) -> bool:
        """Whether there are collections of it."""
        return cls.fields[cls.ORDER].sort is not None

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The values of a new object for the fields that have a default."""
        obj = cls()
        obj.obj_set_defaults()
        return {name: getattr(obj, name) for name in obj.obj_what_changed()}


def timestamps(
    sort: tuple[str, ...] | None = None,
) -> dict[str, fields.Spec]:
    """The fields that every object ends with.

    :param sort: what the time of creation is paired with; see ``Spec``.
    """
    return {
        'created_at': fields.DateTimeField(
            doc='When it was created.',
            api='r',
            sort=sort,
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
        sort=(),
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
