# SPDX-License-Identifier: Apache-2.0
"""How a node differs from what was composed or registered."""

from collections.abc import Iterator
from typing import TypedDict

# A field before and after it changed: a list of two, because it is JSON.
Values = list[object]


class Drift(TypedDict, total=False):
    """What is stored of it; a part is left out where nothing differs.

    :param lost: URIs of parts that the node does not have any more.
    :param gained: URIs of parts that were not allocated to the node.
    :param changed: what changed of a part that the node still has, by URI and
        field.
    :param missing_in: the provisioner that does not know the node any more.
    :param registration: what the provisioner shows other than it was given,
        by attribute.
    """

    lost: list[str]
    gained: list[str]
    changed: dict[str, dict[str, Values]]
    missing_in: str
    registration: dict[str, Values]


def with_registration(
    drift: Drift | None,
    missing_in: str | None,
    changed: dict[str, Values] | None = None,
) -> Drift | None:
    """The drift with other values for the provisioner; None: no drift.

    :param missing_in: the provisioner that does not know the node any more.
    :param changed: what it shows other than it was given.
    """
    result: Drift = {**drift} if drift else {}
    result.pop('missing_in', None)
    result.pop('registration', None)
    if missing_in is not None:
        result['missing_in'] = missing_in
    if changed:
        result['registration'] = changed
    return result or None


def list_changes(changed: dict[str, Values]) -> list[str]:
    """Changes of fields, each as text."""
    return [
        f'{name} from {before} to {after}'
        for name, (before, after) in changed.items()
    ]


def describe_changes(changed: dict[str, Values]) -> str:
    """Changes of fields as one text."""
    return ', '.join(list_changes(changed))


def describe(drift: Drift | None) -> str | None:
    """The drift as text; None if there is none."""
    return '; '.join(_parts(drift or {})) or None


def _parts(drift: Drift) -> Iterator[str]:
    if lost := drift.get('lost'):
        yield f'lost {", ".join(lost)}'
    if gained := drift.get('gained'):
        yield f'gained {", ".join(gained)}'
    for uri, fields in sorted(drift.get('changed', {}).items()):
        yield f'changed {uri} ({describe_changes(fields)})'
    if provisioner := drift.get('missing_in'):
        yield f'missing in {provisioner}'
    if registration := drift.get('registration'):
        yield f'changed in the provisioner ({describe_changes(registration)})'
