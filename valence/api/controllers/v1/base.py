# SPDX-License-Identifier: Apache-2.0
"""The base of all controllers.

A controller has a method for each verb. The method gets the :class:`Call` and
returns the body of the answer, or None for an empty one. The paths and HTTP
methods of the verbs are in ``valence.api.routes``.
"""

import dataclasses
import functools
import urllib.parse
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Generic
from typing import Protocol
from typing import TypeAlias
from typing import TypeVar

import sqlalchemy as sa
import webob
from oslo_utils import uuidutils

from valence import objects
from valence.api import etags
from valence.api import marks
from valence.api import paging
from valence.api import query
from valence.api import render
from valence.api.controllers.v1 import types
from valence.api.controllers.v1 import visibility
from valence.api.filters import Filter
from valence.common import context
from valence.common import exception
from valence.common import identity
from valence.common import policy
from valence.common import rpc
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.base import Table
from valence.objects import base as objects_base
from valence.objects import fields
from valence.objects.fields import Audience

M = TypeVar('M', bound=Table)
Method = TypeVar('Method', bound=Callable[..., 'Answer | None'])
# The body of an answer, before it is encoded.
Answer: TypeAlias = dict[str, Any]
Conditions: TypeAlias = list[sa.ColumnElement[bool]]


@dataclasses.dataclass(frozen=True, eq=False)
class Spec:
    """What a verb accepts and returns; the decorator of its method.

    The dispatcher checks requests against it, and the OpenAPI document is
    made of it.

    :param status: the HTTP status on success.
    :param body: the request body; None: the verb reads none.
    :param params: query parameters, by name; a collection has those of
        ``query.parse`` instead.
    :param listing: whether the answer is a page of a collection.
    :param answer: what is returned instead of the controller's resource: one
        of another kind, or an object of fields.
    :param added: further fields in the answer, not of the resource.
    :param operation: whether an operation may do the rest. The answer is then
        that of :meth:`Call.accept`.
    """

    status: int = 200
    body: types.Body | None = None
    params: Mapping[str, fields.Spec] = dataclasses.field(default_factory=dict)
    listing: bool = False
    answer: objects_base.Kind | Mapping[str, fields.Spec] | None = None
    added: Mapping[str, fields.Spec] = dataclasses.field(default_factory=dict)
    operation: bool = False

    def has_tag(self, cls: objects_base.Kind | None) -> bool:
        """Whether the answer is a resource of a kind that can be changed."""
        return (
            cls is not None
            and self.answer is None
            and not (self.listing or self.operation or self.status == 204)
            and bool(etags.changeable(cls))
        )

    def __call__(self, method: Method) -> Method:
        method.spec = self  # type: ignore[attr-defined]
        return method


verb = Spec


class Verb(Protocol):
    """A method of a controller that ``Spec`` decorates."""

    spec: Spec

    def __call__(self, call: 'Call') -> Answer | None:
        """Handle a request."""


class Endpoints(Protocol):
    """A controller, as routes use it."""

    @property
    def object(self) -> objects_base.Kind | None:
        """The kind of its resource, if it has one."""


@dataclasses.dataclass
class Call:
    """One request, checked against the verb's ``Spec``.

    :param names: the values of the parameters in the path, in order.
    :param params: the query parameters, with defaults.
    :param body: the fields of the request body.
    :param row: the resource that was found, or is returned.
    """

    request: webob.Request
    response: webob.Response
    context: context.RequestContext
    minor: int
    spec: Spec
    names: tuple[str, ...] = ()
    params: JsonObject = dataclasses.field(default_factory=dict)
    body: JsonObject = dataclasses.field(default_factory=dict)
    row: Table | None = None

    @property
    def ident(self) -> str:
        """The UUID or name of the resource in the path."""
        return self.names[0]

    @property
    def values(self) -> JsonObject:
        """The fields of the body that are fields of the resource."""
        added = self.spec.body.added if self.spec.body else {}
        return {n: v for n, v in self.body.items() if n not in added}

    @functools.cached_property
    def audience(self) -> Audience:
        """Which fields the caller can see."""
        if policy.allows(self.context, 'admin'):
            return Audience.ADMIN
        if policy.allows(self.context, 'system_reader'):
            return Audience.SYSTEM
        return Audience.PROJECT

    def visible(self, cls: objects_base.Kind) -> Conditions:
        """The conditions on the rows that the caller can see."""
        if self.audience >= Audience.SYSTEM:
            return []
        return visibility.conditions(cls, self.context.project_id)

    def find(
        self,
        tx: db.Transaction,
        model: type[M],
        ident: str,
        field: str | None = None,
        kind: str = 'field',
    ) -> M:
        """The resource with a UUID or name, if visible; see :func:`find`."""
        conditions = self.visible(models.OBJECTS[model])
        return find(tx, model, ident, *conditions, field=field, kind=kind)

    def shown(self, cls: objects_base.Kind) -> render.Names:
        """The fields that the caller can see."""
        url = self.request.application_url
        return render.shown(cls, self.minor, self.audience, url)

    def selected(
        self,
        cls: objects_base.Kind,
        selection: str | None,
        listing: bool = False,
    ) -> render.Names:
        """The fields that the request selects; see ``render.selected``."""
        url = self.request.application_url
        return render.selected(
            cls, self.minor, self.audience, url, selection, listing
        )

    def set_location(self, resource: str, uuid: str) -> None:
        """Set the ``Location`` of the answer."""
        self.response.location = (
            f'{self.request.application_url}/v1/{resource}/{uuid}'
        )

    def accept(self, operation: str, resource: Answer) -> Answer:
        """The answer if an operation does the rest: 202, and its UUID.

        :param resource: the target of the operation; empty: it is gone.
        """
        rpc.wake()
        self.response.status = 202
        self.set_location('operations', operation)
        return {**resource, 'operation_uuid': operation}


def key(ident: str) -> tuple[str, str]:
    """The column that a reference is about, and its value.

    A UUID may have any notation, and a name does not look like one.
    """
    if uuidutils.is_uuid_like(ident):
        return 'uuid', identity.canonical_uuid(ident) or ident
    return 'name', ident


def find(
    tx: db.Transaction,
    model: type[M],
    ident: str,
    *conditions: sa.ColumnElement[bool],
    field: str | None = None,
    kind: str = 'field',
) -> M:
    """The one resource with this UUID or name.

    :param field: the field of the request that refers to it; None: the path.
    :param kind: what kind of field that is.
    :raises NotFound: if there is none; Invalid if a field refers to it.
    :raises Conflict: if several have this name; lists their UUIDs.
    """
    cls = models.OBJECTS[model]
    column, value = key(ident)
    if column not in cls.fields:
        column, value = 'uuid', ''
    condition = getattr(model, column) == value
    rows = tx.list(model, *conditions, condition, limit=11).all()
    if len(rows) > 1:
        uuids = ', '.join(row.uuid for row in rows[:10])
        raise exception.Conflict(
            f'Several resources are named {ident}: {uuids}'
            f'{" and more" if len(rows) > 10 else ""}. Use a UUID.'
        )
    if rows:
        return rows[0]
    if field:
        raise exception.Invalid(
            kind=kind,
            field=field,
            reason=f'no {cls.KIND} {ident[:64]} could be found',
        )
    raise exception.NotFound(kind=cls.KIND.capitalize(), ident=ident[:64])


class Controller(Generic[M]):
    """Lists and shows a kind of resource; subclasses add other verbs."""

    def __init__(self, model: type[M]) -> None:
        self.model = model
        self.object = models.OBJECTS[model]
        self.collection = self.object.RESOURCE

    def visible(self, call: Call) -> Conditions:
        """The conditions on the rows that the caller can see."""
        return call.visible(self.object)

    def find(self, tx: db.Transaction, call: Call) -> M:
        """The resource in the path, if visible, and as If-Match says.

        :raises PreconditionFailed: if it was changed meanwhile.
        """
        row = find(tx, self.model, call.ident, *self.visible(call))
        if 'If-Match' in call.request.headers:
            # Until the transaction ends, nobody else changes it.
            tx.lock(self.model, row.uuid)
            row = find(tx, self.model, row.uuid, *self.visible(call))
            etags.check(call.request, etags.version(self.object, row))
        call.row = row
        return row

    def render(self, call: Call, row: Table) -> Answer:
        """The resource with the fields that the caller can see."""
        call.row = row
        return render.record(row, call.shown(self.object))

    @verb(listing=True)
    def list(self, call: Call) -> Answer:
        """List resources, one page at a time."""
        parsed = query.parse(call.request, self.object, call.audience)
        names = call.selected(self.object, parsed.fields, listing=True)
        answer: Answer = {}
        with db.reader() as tx:
            parsed.filters = [
                self._resolved(tx, call, one, one.refers)
                if one.refers
                else one
                for one in parsed.filters
            ]
            if parsed.marked:
                column, values = marks.condition(tx, self.model, parsed.marked)
                name = parsed.marked[0].name
                parsed.filters.append(Filter(name, column, 'in', values))
            rows, marker = paging.page(
                *(tx, self.model, parsed, render.columns(names)),
                *self.visible(call),
            )
            if parsed.with_count:
                answer['count'] = paging.count(
                    tx, self.model, parsed, *self.visible(call)
                )
        answer[self.collection] = [render.record(row, names) for row in rows]
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

    @verb(params=query.FIELDS)
    def show(self, call: Call) -> Answer:
        """Show a resource."""
        names = call.selected(self.object, call.params['fields'])
        with db.reader() as tx:
            return render.record(self.find(tx, call), names)

    def _resolved(
        self,
        tx: db.Transaction,
        call: Call,
        condition: Filter,
        kind: str,
    ) -> Filter:
        """The filter with the UUID of the resource that it refers to."""
        model = models.BY_RESOURCE[getattr(objects, kind).RESOURCE]
        row = call.find(
            tx, model, condition.value, condition.name, 'query parameter'
        )
        return condition._replace(value=row.uuid)

    def resolve(
        self, tx: db.Transaction, call: Call, values: JsonObject
    ) -> JsonObject:
        """The values by column: UUIDs instead of references by UUID or name.

        :raises Invalid: for a reference to a resource that does not exist.
        """
        result = dict(values)
        for name, field in self.object.fields.items():
            if not field.refers or field.refers[0] not in values:
                continue
            alias, kind = field.refers
            ident = result.pop(alias)
            if ident is not None:
                model = models.BY_RESOURCE[getattr(objects, kind).RESOURCE]
                result[name] = call.find(tx, model, ident, field=alias).uuid
        return result
