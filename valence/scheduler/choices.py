# SPDX-License-Identifier: Apache-2.0
"""What texts requirements can have, because some hardware has them."""

from collections.abc import Iterator
from typing import Any
from typing import NamedTuple
from typing import TypedDict

import sqlalchemy as sa

from valence import traits
from valence.db import access
from valence.db import api as db
from valence.db import capacity
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.scheduler import components
from valence.scheduler.attributes import ATTRIBUTES
from valence.scheduler.components import GROUPS
from valence.scheduler.components import Component
from valence.scheduler.components import Demand


class Choice(TypedDict):
    """A text, and how many systems or parts have it.

    :param total: null for those who do not see all hardware.
    :param free: those that are free for the project.
    """

    value: str
    total: int | None
    free: int


class _Number(NamedTuple):
    total: int
    free: int


# The texts of a group of requirements, by the name of the requirement.
Choices = dict[str, dict[str, list[Choice]]]


def of_project(tx: db.Transaction, project_id: str | None) -> Choices:
    """What there is on the pod managers that a project may use."""
    podms = sa.select(models.PodManager.uuid).where(access.usable(project_id))
    where = models.Count.podm_uuid.in_(podms)
    found = _choices(_numbers(tx, project_id, where))
    return {
        group: {
            name: [{**one, 'total': None} for one in listed if one['free']]
            for name, listed in names.items()
        }
        for group, names in found.items()
    }


def of_all(tx: db.Transaction, project_id: str | None) -> Choices:
    """What there is on all pod managers.

    :param project_id: what is reserved to this project is free for it.
    """
    return _choices(_numbers(tx, project_id))


def _numbers(
    tx: db.Transaction,
    project_id: str | None,
    *conditions: sa.ColumnElement[bool],
) -> list[tuple[shapes.Shape, _Number]]:
    """How much hardware of each shape there is: one statement for all."""
    count = models.Count
    unreserved = capacity.unreserved(count.reserved_to, project_id)
    free = sa.case((unreserved, count.free), else_=0)
    query = (
        sa.select(
            count.shape_uuid,
            # MariaDB returns decimals.
            sa.cast(sa.func.sum(count.total), sa.BigInteger),
            sa.cast(sa.func.sum(free), sa.BigInteger),
        )
        .where(*conditions)
        .group_by(count.shape_uuid)
    )
    found = {
        uuid: _Number(*numbers)
        for uuid, *numbers in tx.connection.execute(query)
    }
    known = shapes.load(tx, found)
    return [(shape, found[shape.uuid]) for shape in known]


def _choices(found: list[tuple[shapes.Shape, _Number]]) -> Choices:
    sums: dict[str, dict[str, dict[str, _Number]]] = {
        group: {name: {} for name in names}
        for group, names in requirements.texts().items()
    }
    sums['traits'] = {'required': {}}
    for shape, number in found:
        for group, name, value in _values(shape):
            if name in sums.get(group, ()):
                known = sums[group][name]
                before = known.get(value, _Number(0, 0))
                known[value] = _Number(
                    before.total + number.total, before.free + number.free
                )
    return {
        group: {name: _sorted(known) for name, known in names.items()}
        for group, names in sums.items()
    }


def _sorted(known: dict[str, _Number]) -> list[Choice]:
    return [
        {'value': value, 'total': number.total, 'free': number.free}
        for value, number in sorted(known.items())
        if number.total
    ]


def _values(shape: shapes.Shape) -> Iterator[tuple[str, str, str]]:
    """Group, name and text; a text of several equal parts for each of them."""
    parts: list[Component] = []
    if shape.model is models.System:
        found = sorted(traits.of_system(shape.part))
        yield from _texts('traits', 'required', found)
        for attribute in ATTRIBUTES:
            listed = attribute.read(shape.part)
            texts = dict.fromkeys(text for one in listed for text in one)
            yield from _texts(attribute.group, attribute.name, texts)
        parts = components.local(shape.part)
    else:
        parts = [components.pooled(shape.part)]
    for group in GROUPS:
        demand = Demand(group, {'count': 1})
        for part in filter(demand.suits, parts):
            for name in requirements.texts()[group]:
                yield from _texts(group, name, [demand.value(part, name)])


def _texts(
    group: str, name: str, values: Any
) -> Iterator[tuple[str, str, str]]:
    for value in values:
        if isinstance(value, str):
            yield group, name, value
