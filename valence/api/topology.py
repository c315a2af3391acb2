# SPDX-License-Identifier: Apache-2.0
"""The hardware of a pod manager as a tree of chassis."""

from valence import objects
from valence.api import render
from valence.common import schemas
from valence.common.schemas import Schema
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.objects import base

_CHASSIS = render.same(
    *('uuid', 'name', 'type', 'location', 'rack_offset', 'rack_units'),
    *('serial_number', 'state', 'health', 'stale'),
)
_PART = ('state', 'health', 'node_uuid', 'hold_uuid', 'stale')
_SYSTEM = render.same(
    *('uuid', 'name', 'serial_number', 'cpu_cores', 'memory_mib'),
    *('power_state', *_PART),
)
_DEVICE = render.same(
    *('uuid', 'name', 'serial_number', 'type', 'model', 'sharers', *_PART)
)
_NODE = render.same('uuid', 'name', 'project_id')
_CONDITION = render.same('subject_uuid', 'code', 'message')


def _items(cls: base.Kind, names: render.Names) -> Schema:
    item = schemas.closed(_properties(cls, names))
    return {'type': 'array', 'items': item}


def _properties(cls: base.Kind, names: render.Names) -> Schema:
    return {name: cls.fields[name].schema() for name in names}


def _schema(**own: Schema) -> Schema:
    branches: Schema = {
        'type': 'array',
        'items': {'$ref': schemas.pointer('Branch')},
    }
    content = {
        'chassis': branches,
        'systems': _items(objects.System, _SYSTEM),
        'devices': _items(objects.Device, _DEVICE),
    }
    return schemas.closed({**own, **content})


#: The JSON schemas of a chassis in a tree, and of the tree.
BRANCH = _schema(**_properties(objects.Chassis, _CHASSIS))
SCHEMA = _schema(
    nodes=_items(objects.Node, _NODE),
    conditions=_items(objects.Condition, _CONDITION),
)


def tree(tx: db.Transaction, podm_uuid: str) -> JsonObject:
    """All chassis in their parents, with their systems and devices.

    Chassis without a parent, or in a cycle of parents, are roots. Systems and
    devices without a chassis are at the top, too. The number of statements
    does not depend on the amount of hardware.
    """
    nodes = tx.list(
        models.Node,
        only=_NODE,
        order=[models.Node.name, models.Node.uuid],
        podm_uuid=podm_uuid,
    )
    result: JsonObject = {
        'nodes': [render.record(row, _NODE) for row in nodes],
        'conditions': [
            render.record(row, _CONDITION)
            for row in conditions.active(tx, podm_uuid=podm_uuid)
        ],
        **_empty(),
    }
    boxes = _boxes(tx, podm_uuid, result)
    _fill(tx, models.System, podm_uuid, _SYSTEM, boxes, result)
    _fill(tx, models.Device, podm_uuid, _DEVICE, boxes, result)
    return result


def _empty() -> JsonObject:
    return {'chassis': [], 'systems': [], 'devices': []}


def _boxes(
    tx: db.Transaction, podm_uuid: str, result: JsonObject
) -> dict[str, JsonObject]:
    """Put the chassis into their parents; return them by UUID."""
    chassis = models.Chassis
    rows = tx.list(
        chassis,
        only=(*_CHASSIS, 'parent_uuid'),
        order=[chassis.name, chassis.uuid],
        podm_uuid=podm_uuid,
    ).all()
    boxes = {
        row.uuid: {**render.record(row, _CHASSIS), **_empty()} for row in rows
    }
    parents = {row.uuid: row.parent_uuid for row in rows}
    for uuid, box in boxes.items():
        home = boxes.get(_parent(uuid, parents) or '', result)
        home['chassis'].append(box)
    return boxes


def _fill(
    tx: db.Transaction,
    model: type[Allocatable],
    podm_uuid: str,
    names: render.Names,
    boxes: dict[str, JsonObject],
    result: JsonObject,
) -> None:
    """Put hardware of a kind into its chassis."""
    for row in tx.list(
        model,
        only=(*names, 'chassis_uuid'),
        order=[model.name, model.uuid],
        podm_uuid=podm_uuid,
    ):
        home = boxes.get(row.chassis_uuid or '', result)
        home[model.__tablename__].append(render.record(row, names))


def _parent(uuid: str, parents: dict[str, str | None]) -> str | None:
    """The parent of a chassis; None if it is its own ancestor."""
    seen = {uuid}
    ancestor = parents[uuid]
    while ancestor is not None:
        if ancestor in seen:
            return None
        seen.add(ancestor)
        ancestor = parents.get(ancestor)
    return parents[uuid]
