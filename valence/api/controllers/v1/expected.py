# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator

import sqlalchemy as sa

from valence.api import tables
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.common import identity
from valence.common import schemas
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db import expected
from valence.db.sqlalchemy import models
from valence.objects import expected as objects
from valence.objects import fields

_KEYS = ('type', 'serial_number', 'place')
_PARTS = types.Body(
    added={
        'parts': fields.ListField(
            doc='The hardware that should be there.',
            items=objects.PART,
            inner={'maxItems': 100000},
        ),
        'csv': fields.StringField(
            doc='The same as CSV. The first line names the columns: type, '
            'serial_number or serial, place, and properties. An empty cell '
            'expects nothing. It can also be the body, as text/csv. Errors '
            'name the line and the column: csv.2.cpu_cores.',
            max_length=16 * 1024 * 1024,
        ),
    },
    partial=True,
    keywords={'minProperties': 1, 'maxProperties': 1},
    media={'text/csv': 'csv'},
)
_COUNT: dict[str, fields.Spec] = {
    'parts': fields.IntegerField(doc='How many parts are expected now.')
}
_REPORT: dict[str, fields.Spec] = {
    'report': fields.ObjectField(
        doc='What is missing; what is there and should not be, of the types '
        'that are expected; what is not as it should be; and what is '
        'elsewhere.',
        inner=schemas.of_type(expected.Report),
    )
}


class Expected(base.Controller[models.ExpectedPart]):
    """The hardware that should be on a pod manager."""

    def __init__(self) -> None:
        super().__init__(models.ExpectedPart)

    def visible(self, call: base.Call) -> list[sa.ColumnElement[bool]]:
        with db.reader() as tx:
            podm = call.find(tx, models.PodManager, call.ident)
        return [models.ExpectedPart.podm_uuid == podm.uuid]

    @base.verb(body=_PARTS, answer=_COUNT)
    def replace(self, call: base.Call) -> base.Answer:
        """Say what should be there, instead of what was said before."""
        parts = list(_parts(call.body))
        _replace(call, parts)
        return {'parts': len(parts)}

    @base.verb(answer=_COUNT)
    def snapshot(self, call: base.Call) -> base.Answer:
        """Expect what is there now."""
        return {'parts': _snapshot(call)}

    @base.verb(answer=_REPORT)
    def report(self, call: base.Call) -> base.Answer:
        """Compare what is there with what should be."""
        with db.reader() as tx:
            podm = call.find(tx, models.PodManager, call.ident)
            return {'report': expected.report(tx, podm.uuid)}


@db.transaction
def _replace(
    tx: db.Transaction, call: base.Call, parts: list[JsonObject]
) -> None:
    podm = call.find(tx, models.PodManager, call.ident)
    expected.replace(tx, podm.uuid, parts)


@db.transaction
def _snapshot(tx: db.Transaction, call: base.Call) -> int:
    podm = call.find(tx, models.PodManager, call.ident)
    return expected.snapshot(tx, podm.uuid)


def _parts(body: JsonObject) -> Iterator[JsonObject]:
    """The columns of the parts in a request.

    :raises Invalid: for a part that cannot be recognized, or told from another
        one.
    """
    known: dict[str, dict[str | None, str]] = {}
    for label, given in _given(body):
        serial = identity.serial(given.get('serial_number'))
        place = given.get('place') or None
        if not (serial or place):
            raise exception.Invalid(
                field=label,
                reason='must have a place, or a serial_number that identifies',
            )
        if serial:
            others = known.setdefault(serial, {})
            _check_alone(others, label, place)
            others[place] = label
        yield {
            'type': given['type'].casefold(),
            'serial_number': given.get('serial_number'),
            'place': place,
            'properties': given.get('properties') or {},
        }


def _given(body: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """The parts in a request, each with its place there."""
    for index, one in enumerate(body.get('parts', ())):
        yield f'parts.{index}', one
    if 'csv' in body:
        for line, values in tables.rows(
            *(body['csv'], 'csv', objects.COLUMNS),
            renamed={'serial': 'serial_number'},
            required='type',
        ):
            one = {n: values.pop(n) for n in _KEYS if n in values}
            yield f'csv.{line}', {**one, 'properties': values}


def _check_alone(
    others: dict[str | None, str], label: str, place: str | None
) -> None:
    """Check that a part can be told from those with its serial number.

    :param others: what they are called in the request, by their place.
    :raises Invalid: when one is at the same place, or somewhere.
    """
    same = others.get(place) or others.get(None)
    if place is None and others:
        same = same or next(iter(others.values()))
    if same:
        raise exception.Invalid(
            field=label,
            reason=f'has the serial_number of {same}, and no other place',
        )
