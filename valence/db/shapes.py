# SPDX-License-Identifier: Apache-2.0
"""Shapes: what the scheduler compares of hardware.

A field of ``objects.System`` or ``objects.Device`` that declares ``shape`` is
part of it. There are as many shapes as kinds of hardware, however much of each
there is, so that the scheduler compares shapes instead of rows.
"""

import hashlib
import json
import types
import uuid
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from valence.common.cache import cached
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types as column_types
from valence.db.sqlalchemy.observed import Allocatable

#: The models that have shapes.
MODELS: tuple[type[Allocatable], ...] = (models.System, models.Device)
_BY_TABLE = {model.__tablename__: model for model in MODELS}


class Shape(NamedTuple):
    """A shape that some hardware has.

    :param part: its columns, typed as a row that has no others.
    """

    uuid: str
    model: type[Allocatable]
    part: Any


@cached
def names(model: type[Allocatable]) -> Mapping[str, tuple[str, ...]]:
    """The columns of a shape; of lists the items that count."""
    return {
        name: field.shape if isinstance(field.shape, tuple) else ()
        for name, field in models.OBJECTS[model].fields.items()
        if field.shape
    }


def columns(model: type[Allocatable]) -> tuple[str, ...]:
    """The columns that decide which ``Count`` includes a row."""
    return ('zones', *names(model))


def properties(
    model: type[Allocatable], values: Mapping[str, Any]
) -> JsonObject:
    """What of the columns of a row is its shape.

    What is not known is left out: a field that is added to shapes changes
    none that does not have it.
    """
    found = {
        name: _property(values.get(name), keys)
        for name, keys in names(model).items()
    }
    return _present(found)


def _present(values: JsonObject) -> JsonObject:
    return {n: v for n, v in values.items() if v not in (None, [])}


def _property(value: Any, keys: tuple[str, ...]) -> Any:
    if keys:
        # A value that the database rejects is no list of objects.
        objects = [one for one in value or () if isinstance(one, dict)]
        items = (
            _present({key: one.get(key) for key in keys}) for one in objects
        )
        return sorted(items, key=_canonical)
    return column_types.storable(value) if isinstance(value, str) else value


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(',', ':'))


def _hash(*parts: object) -> str:
    digest = hashlib.sha256(_canonical(parts).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16]))


def shape_uuid(model: type[Allocatable], values: Mapping[str, Any]) -> str:
    """The UUID of the shape of a row."""
    return _hash(model.__tablename__, properties(model, values))


def count_uuid(model: type[Allocatable], values: Mapping[str, Any]) -> str:
    """The UUID of the ``Count`` that includes a row with these columns."""
    zones = values.get('zones') or ()
    return group_uuid(values['podm_uuid'], shape_uuid(model, values), zones)


def group_uuid(podm_uuid: str, shape: str, zones: Iterable[str]) -> str:
    """The UUID of the ``Count`` of what has a shape and is in zones."""
    return _hash(podm_uuid, shape, sorted(zones))


def reserved_uuid(count: str, project_id: str | None) -> str:
    """The UUID of the ``Count`` of what of another is reserved."""
    return count if project_id is None else _hash(count, project_id)


def create(
    tx: db.Transaction, model: type[Allocatable], values: Mapping[str, Any]
) -> str:
    """Store the shape of a row, unless it is known; returns its UUID."""
    found = shape_uuid(model, values)
    # Written, so that nobody deletes it as unused until this commits.
    if not tx.update(models.Shape, {}, uuid=found):
        tx.create_missing(
            models.Shape,
            [
                {
                    'uuid': found,
                    'kind': model.__tablename__,
                    'properties': properties(model, values),
                }
            ],
        )
    return found


# They never change: a process reads each once.
_known: dict[str, Shape] = {}


def load(
    tx: db.Transaction, uuids: Collection[str] | None = None
) -> list[Shape]:
    """Shapes by UUID; default: all."""
    if uuids is None:
        uuids = [row.uuid for row in tx.list(models.Shape, only=('uuid',))]
        for gone in _known.keys() - set(uuids):
            _known.pop(gone, None)
    found = {one: _known[one] for one in uuids if one in _known}
    unknown = [one for one in uuids if one not in found]
    for row in tx.list(models.Shape, uuid=unknown) if unknown else ():
        found[row.uuid] = _known[row.uuid] = _shape(row)
    return [found[one] for one in uuids if one in found]


def _shape(row: models.Shape) -> Shape:
    model = _BY_TABLE[row.kind]
    part = {
        name: row.properties.get(name, [] if keys else None)
        for name, keys in names(model).items()
    }
    return Shape(row.uuid, model, types.SimpleNamespace(uuid=row.uuid, **part))


def in_zones(shape: Shape, zones: Iterable[str]) -> Any:
    """The columns of hardware of a shape that is in zones."""
    return types.SimpleNamespace(**vars(shape.part), zones=list(zones))
