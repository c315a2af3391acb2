# SPDX-License-Identifier: Apache-2.0
"""The chassis and systems of a pod manager as a tree."""

from valence import objects
from valence.api import render
from valence.common import schemas
from valence.common.schemas import Schema
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import base

_CHASSIS = render.same('uuid', 'name', 'type', 'location', 'state', 'health')
_SYSTEM = render.same(
    'uuid',
    'name',
    'cpu_cores',
    'memory_mib',
    'state',
    'health',
    'power_state',
    'node_uuid',
    'stale',
)


def _properties(cls: base.Kind, names: render.Names) -> Schema:
    return {name: cls.fields[name].schema() for name in names}


def _schema(**own: Schema) -> Schema:
    branches: Schema = {
        'type': 'array',
        'items': {'$ref': schemas.pointer('Branch')},
    }
    system = schemas.closed(_properties(objects.System, _SYSTEM))
    systems: Schema = {'type': 'array', 'items': system}
    return schemas.closed({**own, 'chassis': branches, 'systems': systems})


#: The JSON schemas of a chassis in a tree, and of the tree.
BRANCH = _schema(**_properties(objects.Chassis, _CHASSIS))
SCHEMA = _schema()


def tree(tx: db.Transaction, podm_uuid: str) -> JsonObject:
    """All chassis in their parents, with their systems.

    Chassis without a parent, or in a cycle of parents, are roots. Systems
    without a chassis are at the top, too.
    """
    chassis, system = models.Chassis, models.System
    rows = tx.list(
        chassis,
        only=(*_CHASSIS, 'parent_uuid'),
        order=[chassis.name, chassis.uuid],
        podm_uuid=podm_uuid,
    ).all()
    boxes = {
        row.uuid: {
            **render.record(row, _CHASSIS),
            'chassis': [],
            'systems': [],
        }
        for row in rows
    }
    parents = {row.uuid: row.parent_uuid for row in rows}
    result: JsonObject = {'chassis': [], 'systems': []}
    for uuid, box in boxes.items():
        home = boxes.get(_parent(uuid, parents) or '', result)
        home['chassis'].append(box)
    for row in tx.list(
        system,
        only=(*_SYSTEM, 'chassis_uuid'),
        order=[system.name, system.uuid],
        podm_uuid=podm_uuid,
    ):
        home = boxes.get(row.chassis_uuid or '', result)
        home['systems'].append(render.record(row, _SYSTEM))
    return result


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
