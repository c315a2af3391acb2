# SPDX-License-Identifier: Apache-2.0
"""The base of all versioned objects."""

from collections.abc import Iterator
from typing import ClassVar
from typing import TypeAlias

from oslo_versionedobjects import base

from valence.common.types import JsonObject
from valence.objects import fields
from valence.objects.fields import Audience
from valence.objects.fields import Spec


class ValenceObject(base.VersionedObject):
    """A kind of resource: its fields and its names.

    ``RESOURCE`` is its plural name in database, API and CLI, ``KIND`` its
    singular name in texts. ``AUDIENCE`` is the default of its fields.
    ``ORDER`` is the default sort key of its collections. ``LINKED``: whether
    the API has a path of each, ``RESOURCE/UUID``, and shows links to it.
    ``EVENTFUL`` has the fields whose change is an event; where it is empty,
    nothing of a resource is. ``CHANGED`` has the fields that clients change by
    another name.
    """

    OBJ_PROJECT_NAMESPACE = 'valence'
    OBJ_SERIAL_NAMESPACE = 'valence_object'
    VERSION = '1.0'
    RESOURCE: ClassVar[str]
    KIND: ClassVar[str]
    AUDIENCE: ClassVar[Audience] = Audience.PROJECT
    ORDER: ClassVar[str] = 'created_at'
    LINKED: ClassVar[bool] = False
    EVENTFUL: ClassVar[frozenset[str]] = frozenset()
    CHANGED: ClassVar[frozenset[str]] = frozenset()
    # The base class declares a wider type.
    fields: dict[str, Spec]  # type: ignore[assignment]

    @classmethod
    def seen_by(cls, audience: Audience) -> dict[str, Spec]:
        """The fields that an audience can see, by name."""
        return {
            name: field
            for name, field in cls.fields.items()
            if (field.audience or cls.AUDIENCE) <= audience
        }

    @classmethod
    def pairs(cls) -> Iterator[tuple[str | None, str]]:
        """The pairs of filter and sort key that an index serves.

        A pair is the name of the field to filter by, or None for no filter,
        and the name of the field to sort by. Filters that are paired with no
        other sort key are paired with themselves.
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
        """Whether the API has collections of it."""
        return cls.fields[cls.ORDER].sort is not None

    @classmethod
    def defaults(cls) -> JsonObject:
        """The default values of the fields that have one."""
        obj = cls()
        obj.obj_set_defaults()
        return {name: getattr(obj, name) for name in obj.obj_what_changed()}


def timestamps(
    sort: tuple[str, ...] | None = None,
    filter: bool = False,
) -> dict[str, Spec]:
    """The timestamps of every object.

    :param filter: whether ``created_at`` is a filter.
    :param sort: filters that can be combined with the sort key ``created_at``;
        see ``Spec``.
    """
    return {
        'created_at': fields.DateTimeField(
            doc='Time of creation.',
            api='r',
            sort=sort,
            filter=filter,
            tzinfo_aware=False,
        ),
        'updated_at': fields.DateTimeField(
            doc='Time of the last change.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
    }


def held_by_project(kind: str) -> dict[str, Spec]:
    """Of what has hardware for a project: the charges, and whose it is.

    :param kind: what it is, for the docs.
    """
    charges = (
        ('charged_cores', 'Processor cores'),
        ('charged_memory_mib', 'Memory in MiB'),
        ('charged_devices', 'Devices'),
    )
    return {
        **{
            name: fields.IntegerField(
                doc=f'{what} charged to the project for the {kind}.',
                api='r',
                default=0,
                minimum=0,
            )
            for name, what in charges
        },
        'project_id': fields.StringField(
            doc=f'Project that owns the {kind}.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        'user_id': fields.StringField(
            doc=f'User who created the {kind}.',
            api='r',
            nullable=True,
            max_length=255,
        ),
    }


def own_uuid(kind: str) -> fields.UUIDField:
    """The primary key of a kind of object."""
    return fields.UUIDField(
        doc=f'UUID of the {kind}.',
        api='r',
        filter=True,
        sort=(),
        audience=Audience.PROJECT,
    )


def pod_manager_uuid(
    api: str = 'r', nullable: bool = False
) -> fields.UUIDField:
    """The pod manager of an object."""
    return fields.UUIDField(
        doc='UUID of the pod manager.',
        api=api,
        nullable=nullable,
        filter=True,
        refers=('pod_manager', 'PodManager'),
    )


#: A kind of resource.
Kind: TypeAlias = type[ValenceObject]
