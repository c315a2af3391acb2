# SPDX-License-Identifier: Apache-2.0
"""Comparing the hardware of a pod manager with what should be there.

A part is known by its serial number if that is unique, else by its place.
"""

import dataclasses
import operator
from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import TypedDict

from valence.common import identity
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db import scan
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Observed
from valence.objects.expected import PROPERTIES

_MODELS: tuple[type[Observed], ...] = (
    models.Chassis,
    models.System,
    models.Device,
)


@dataclasses.dataclass(frozen=True)
class Part:
    """Hardware that is there, or should be.

    :param serial: None: it has none.
    :param place: the names of what contains it, and its own; None: anywhere.
    :param uuid: of the row of what is there.
    """

    type: str
    serial: str | None
    place: str | None
    properties: JsonObject = dataclasses.field(compare=False)
    uuid: str | None = None
    uri: str | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return f'{self.type} {self.serial or self.place or self.uri}'


class Entry(TypedDict, total=False):
    """What is wrong with one part.

    :param uuid: of the system, device or chassis that is there.
    :param differences: of each field what was expected, and what was seen.
    """

    type: str
    serial_number: str | None
    place: str | None
    uuid: str | None
    resource_uri: str | None
    differences: list[str]


class Report(TypedDict):
    """How a pod manager differs from what should be there."""

    missing: list[Entry]
    unexpected: list[Entry]
    different: list[Entry]
    moved: list[Entry]


def there(tx: db.Transaction, podm_uuid: str) -> list[Part]:
    """The hardware that was seen last."""
    rows = [
        (model, row)
        for model in _MODELS
        for row in scan.rows(
            tx, model, only=_columns(model), podm_uuid=podm_uuid
        )
        if row.missing_since is None
    ]
    chassis = {
        row.uuid: (row.name, row.parent_uuid)  # type: ignore[attr-defined]
        for model, row in rows
        if model is models.Chassis
    }
    return [_part(model, row, chassis) for model, row in rows]


def _columns(model: type[Observed]) -> tuple[str, ...]:
    parent = 'parent_uuid' if model is models.Chassis else 'chassis_uuid'
    kind = () if model is models.System else ('type',)
    return (
        *('uuid', 'podm_uuid', 'serial_number', 'resource_uri', parent),
        *('missing_since', *kind),
        *(name for name in PROPERTIES if hasattr(model, name)),
    )


def _part(
    model: type[Observed],
    row: Any,
    chassis: Mapping[str, tuple[str, str | None]],
) -> Part:
    is_box = model is models.Chassis
    place = row.parent_uuid if is_box else row.chassis_uuid
    names, visited = [row.name], set()
    while place in chassis and place not in visited:
        visited.add(place)
        name, place = chassis[place]
        names.append(name)
    values = {name: getattr(row, name, None) for name in PROPERTIES}
    return Part(
        'system' if model is models.System else row.type,
        identity.serial(row.serial_number),
        '/'.join(reversed(names)),
        {name: value for name, value in values.items() if value is not None},
        row.uuid,
        row.resource_uri,
    )


def stored(tx: db.Transaction, podm_uuid: str) -> list[Part]:
    """The hardware that should be there."""
    return [
        Part(
            row.type,
            identity.serial(row.serial_number),
            row.place,
            row.properties,
        )
        for row in tx.list(models.ExpectedPart, podm_uuid=podm_uuid)
    ]


def replace(
    tx: db.Transaction, podm_uuid: str, parts: Iterable[Mapping[str, Any]]
) -> None:
    """Store what should be there, instead of what is stored.

    :param parts: the columns of each.
    """
    tx.delete(models.ExpectedPart, podm_uuid=podm_uuid)
    tx.create_many(
        models.ExpectedPart, [{'podm_uuid': podm_uuid, **one} for one in parts]
    )


def snapshot(tx: db.Transaction, podm_uuid: str) -> int:
    """Expect what is there now; returns how many parts that are."""
    parts = there(tx, podm_uuid)
    replace(
        tx,
        podm_uuid,
        [
            {
                'type': one.type,
                'serial_number': one.serial,
                'place': one.place,
                'properties': one.properties,
            }
            for one in parts
        ],
    )
    return len(parts)


def compare(expected: Iterable[Part], seen: Iterable[Part]) -> Report:
    """Compare what should be there with what is.

    What is there counts as unexpected only if something of its type is
    expected. The entries of each list are in the order of their names.
    """
    by_name = operator.attrgetter('name')
    expected, seen = sorted(expected, key=by_name), sorted(seen, key=by_name)
    pairs = dict(_matches(expected, seen))
    report: Report = {
        'missing': [],
        'unexpected': [],
        'different': [],
        'moved': [],
    }
    for index, one in enumerate(expected):
        found = pairs.get(index)
        if found is None:
            report['missing'].append(_entry(one))
            continue
        differences = list(_differences(one, found))
        if differences:
            report['different'].append(_entry(found, differences))
        if one.place and one.place != found.place:
            text = f'place: expected {one.place}, is {found.place}'
            report['moved'].append(_entry(found, [text]))
    taken = {id(found) for found in pairs.values()}
    types = {one.type for one in expected}
    report['unexpected'] += [
        _entry(one)
        for one in seen
        if id(one) not in taken and one.type in types
    ]
    return report


def _matches(
    expected: list[Part], seen: list[Part]
) -> Iterator[tuple[int, Part]]:
    """The part that each expected one is, by its index."""
    counts = Counter(one.serial for one in seen if one.serial)
    known = Counter(one.serial for one in expected if one.serial)
    serials = {
        one.serial: one
        for one in seen
        if one.serial and counts[one.serial] == 1 == known[one.serial]
    }
    rest, taken = [], set()
    for index, one in enumerate(expected):
        if one.serial in serials:
            taken.add(id(serials[one.serial]))
            yield index, serials[one.serial]
        elif one.place:
            rest.append(index)
    places: dict[tuple[str, str | None], list[Part]] = {}
    for found in reversed(seen):
        if id(found) not in taken:
            key = found.type, found.place
            places.setdefault(key, []).append(found)
    for index in rest:
        there = places.get((expected[index].type, expected[index].place))
        if there:
            yield index, there.pop()


def _differences(one: Part, found: Part) -> Iterator[str]:
    if one.type != found.type:
        yield f'type: expected {one.type}, is {found.type}'
    if one.serial and one.serial != found.serial:
        yield f'serial_number: expected {one.serial}, is {found.serial}'
    for name, value in sorted(one.properties.items()):
        has = found.properties.get(name)
        if value is not None and _plain(value) != _plain(has):
            yield f'{name}: expected {value}, is {has}'


def _plain(value: object) -> str:
    """A value without what its writers do not agree on."""
    return str(value).casefold()


def _entry(part: Part, differences: list[str] | None = None) -> Entry:
    return {
        'type': part.type,
        'serial_number': part.serial,
        'place': part.place,
        'uuid': part.uuid,
        'resource_uri': part.uri,
        'differences': differences or [],
    }


def report(tx: db.Transaction, podm_uuid: str) -> Report:
    """How a pod manager differs from what should be there."""
    return compare(stored(tx, podm_uuid), there(tx, podm_uuid))
