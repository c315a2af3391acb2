# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from valence.api import tables
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import exception
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
            'expects nothing. It can also be the body, as text/csv.',
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

    :raises Invalid: for a part that cannot be recognized.
    """
    name = 'parts' if 'parts' in body else 'csv'
    given = body.get('parts')
    if given is None:
        given = _of_csv(body['csv'])
    for index, one in enumerate(given):
        if not (one.get('serial_number') or one.get('place')):
            raise exception.Invalid(
                field=f'{name}.{index}',
                reason='must have a serial_number or a place',
            )
        yield {
            'serial_number': None,
            'place': None,
            **one,
            'properties': one.get('properties') or {},
        }


def _of_csv(text: str) -> Iterator[dict[str, Any]]:
    for number, values in tables.rows(
        *(text, 'csv', (*_KEYS, *objects.PROPERTIES)),
        renamed={'serial': 'serial_number'},
        required='type',
    ):
        one: dict[str, Any] = {
            name: values.pop(name) for name in _KEYS if name in values
        }
        one['properties'] = values
        _check(one, number)
        yield one


def _check(one: dict[str, Any], number: int) -> None:
    if not schemas.accepts(objects.PART, one):
        raise exception.Invalid(
            field=f'csv.{number}', reason='has no type, or too long a value'
        )
