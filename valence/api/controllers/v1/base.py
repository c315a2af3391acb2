# SPDX-License-Identifier: Apache-2.0
"""What all resources of the API share.

A controller has a method a verb; it gets the :class:`Call` and returns what
the body of the answer is made of, or None for an answer without one. Which
path and HTTP method lead to it stands in ``valence.api.routes``.
"""

import dataclasses
import functools
import urllib.parse
from collections.abc import Callable
from typing import Any
from typing import Generic
from typing import TypeVar

import sqlalchemy as sa
from oslo_utils import uuidutils

from valence import objects
from valence.api import query
from valence.api import render
from valence.api.controllers.v1 import types
from valence.api.controllers.v1 import visibility
from valence.common import context
from valence.common import exception
from valence.common import policy
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import base as objects_base
from valence.objects.fields import Audience

M = TypeVar('M', bound=models.Table)
Verb = TypeVar('Verb', bound=Callable[..., Any])


@dataclasses.dataclass(frozen=True)
class Spec:
    """What a verb takes and answers, said beside its code.

    :param status: the HTTP status when all is well.
    :param body: ``c`` or ``u`` for a body of the resource's create or update
        type, a JSON schema for any other, None for no body.
    :param extra: JSON schemas of what else a body of the object's type may
        have, by name.
    :param absent: fields that a body must not have here.
    :param params: query parameters besides those of the object.
    :param listing: whether the answer is a collection.
    """

    status: int = 200
    body: str | dict[str, Any] | None = None
    extra: dict[str, Any] = dataclasses.field(default_factory=dict)
    absent: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    listing: bool = False


def verb(**spec: Any) -> Callable[[Verb], Verb]:
    """Mark a method as a verb of the API; see :class:`Spec`."""

    def mark(method: Verb) -> Verb:
        method.spec = Spec(**spec)  # type: ignore[attr-defined]
        return method

    return mark


@dataclasses.dataclass
class Call:
    """One request, as a verb sees it."""

    request: Any
    response: Any
    context: context.RequestContext
    minor: int
    spec: Spec
    names: tuple[str, ...] = ()

    @property
    def ident(self) -> str:
        """The UUID or name of the resource that the path names."""
        return self.names[0]

    @functools.cached_property
    def audience(self) -> Audience:
        """As what the asker gets to see things."""
        if policy.allows(self.context, 'admin'):
            return Audience.ADMIN
        if policy.allows(self.context, 'system_reader'):
            return Audience.SYSTEM
        return Audience.PROJECT

    def visible(
        self, cls: type[objects_base.ValenceObject]
    ) -> list[sa.ColumnElement[bool]]:
        """The conditions under which the asker may know of a row."""
        if self.audience >= Audience.SYSTEM:
            return []
        return visibility.conditions(cls, self.context.project_id)

    def find(
        self,
        tx: db.Transaction,
        model: type[M],
        ident: str,
        field: str | None = None,
    ) -> M:
        """What the asker means by a UUID or name; see :func:`find`."""
        conditions = self.visible(models.OBJECTS[model])
        return find(tx, model, ident, *conditions, field=field)

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; an absent body is an empty one.

        :raises Invalid: where it is not as the verb's schema has it.
        """
        if isinstance(self.spec.body, dict):
            types.check(self.spec.body, self.request.json_object)
        body: JsonObject = self.request.json_object
        return body

    def besides(self, name: str) -> Any:
        """What was sent besides the object's fields; None: nothing."""
        value = self.request.json_object.get(name)
        if value is not None:
            types.check(self.spec.extra[name], value, name)
        return value

    def values(self, cls: type[objects_base.ValenceObject]) -> dict[str, Any]:
        """The fields that were sent, checked, by their name in the object."""
        own = {
            name: value
            for name, value in self.body().items()
            if name not in self.spec.extra
        }
        return types.parse(
            cls, str(self.spec.body), self.minor, own, self.spec.absent
        )

    @staticmethod
    def checked(
        cls: type[objects_base.ValenceObject], name: str, value: Any
    ) -> Any:
        """A value that is meant for a field of an object."""
        return types.checked(cls, name, value)

    def shown(self, cls: type[objects_base.ValenceObject]) -> render.Names:
        """The fields that the asker gets to see."""
        return render.shown(cls, self.minor, self.audience)

    def selected(
        self,
        cls: type[objects_base.ValenceObject],
        wanted: str | None,
        listing: bool = False,
    ) -> render.Names:
        """Those of them that are wanted; see ``render.selected``."""
        return render.selected(cls, self.minor, self.audience, wanted, listing)

    def flag(self, name: str) -> bool:
        """Whether a query parameter says true."""
        text = str(self.request.GET.get(name, 'false')).lower()
        if text not in ('true', 'false'):
            raise exception.Invalid(
                field=name, reason='it has to be true or false'
            )
        return text == 'true'

    def locate(self, resource: str, uuid: str) -> None:
        """Say in the answer where the resource is."""
        self.response.location = (
            f'{self.request.application_url}/v1/{resource}/{uuid}'
        )


def group(**properties: Any) -> dict[str, Any]:
    """The JSON schema of an object with these properties, all of them."""
    return {
        'type': 'object',
        'properties': properties,
        'required': list(properties),
        'additionalProperties': False,
    }


def is_uuid(ident: str) -> bool:
    """Whether a resource is meant by its UUID, not by its name."""
    return uuidutils.is_uuid_like(ident)


def find(
    tx: db.Transaction,
    model: type[M],
    ident: str,
    *conditions: sa.ColumnElement[bool],
    field: str | None = None,
) -> M:
    """The one resource with this UUID or name.

    :param field: the request's field that names it, if not the path does.
    :raises NotFound: when there is none; Invalid when a field names it.
    :raises Conflict: when the name fits several; lists their UUIDs.
    """
    cls = models.OBJECTS[model]
    if is_uuid(ident):
        where: dict[str, Any] = {'uuid': ident.lower()}
    elif 'name' in cls.fields:
        where = {'name': ident}
    else:
        where = {'uuid': ''}
    rows = tx.list(model, *conditions, limit=11, **where).all()
    if len(rows) > 1:
        uuids = ', '.join(row.uuid for row in rows[:10])
        raise exception.Conflict(
            f'The name {ident} fits several: {uuids}'
            f'{" and more" if len(rows) > 10 else ""}. Use a UUID.'
        )
    if rows:
        return rows[0]
    if field:
        raise exception.Invalid(
            field=field, reason=f'there is no {cls.KIND} {ident[:64]}'
        )
    raise exception.NotFound(kind=cls.KIND.capitalize(), ident=ident[:64])


class Controller(Generic[M]):
    """Reading of one kind of resource; others add their verbs to it."""

    def __init__(self, model: type[M]) -> None:
        self.model = model
        self.object = models.OBJECTS[model]
        self.collection = self.object.RESOURCE

    def visible(self, call: Call) -> list[sa.ColumnElement[bool]]:
        """The conditions under which the asker may know of a row."""
        return call.visible(self.object)

    def find(self, tx: db.Transaction, call: Call) -> M:
        """The resource that the request names."""
        return find(tx, self.model, call.ident, *self.visible(call))

    def render(self, call: Call, row: models.Table) -> dict[str, Any]:
        """One resource as the answer shows it."""
        return render.record(row, call.shown(self.object))

    @verb(listing=True)
    def list(self, call: Call) -> dict[str, Any]:
        """List, a page at a time."""
        wanted = query.parse(call.request, self.object, call.audience)
        names = call.selected(self.object, wanted.fields, listing=True)
        with db.reader() as tx:
            wanted.filters = [
                self._found(tx, call, one, one.refers) if one.refers else one
                for one in wanted.filters
            ]
            rows, marker = query.page(
                *(tx, self.model, wanted, names.values()),
                *self.visible(call),
            )
        answer: dict[str, Any] = {
            self.collection: [render.record(row, names) for row in rows]
        }
        if marker:
            parameters = [
                *(
                    item
                    for item in call.request.GET.items()
                    if item[0] != 'marker'
                ),
                ('marker', marker),
            ]
            answer['next'] = (
                f'{call.request.path_url}?{urllib.parse.urlencode(parameters)}'
            )
        return answer

    @verb(params=('fields',))
    def show(self, call: Call) -> dict[str, Any]:
        """Show one."""
        names = call.selected(self.object, call.request.GET.get('fields'))
        with db.reader() as tx:
            return render.record(self.find(tx, call), names)

    def _found(
        self, tx: db.Transaction, call: Call, wanted: query.Filter, kind: str
    ) -> query.Filter:
        """A filter with a UUID in the place of a UUID or name."""
        cls = getattr(objects, kind)
        model = models.BY_RESOURCE[cls.RESOURCE]
        row = call.find(tx, model, wanted.value, field=wanted.name)
        return wanted._replace(value=row.uuid)

    def resolve(
        self, tx: db.Transaction, call: Call, values: dict[str, Any]
    ) -> None:
        """Put UUIDs in the place of references by UUID or name.

        :raises Invalid: for a reference to nothing.
        """
        for name, field in self.object.fields.items():
            if not field.refers or field.refers[0] not in values:
                continue
            alias, kind = field.refers
            ident = values.pop(alias)
            if ident is not None:
                cls = getattr(objects, kind)
                model = models.BY_RESOURCE[cls.RESOURCE]
                values[name] = call.find(tx, model, ident, field=alias).uuid
