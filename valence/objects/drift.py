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
    """

    lost: list[str]
    gained: list[str]
    changed: dict[str, dict[str, Values]]
    missing_in: str


def with_missing_in(
    drift: Drift | None, provisioner: str | None
) -> Drift | None:
    """The drift with another ``missing_in``; None if there is none."""
    result: Drift = {**drift} if drift else {}
    result.pop('missing_in', None)
    if provisioner is not None:
        result['missing_in'] = provisioner
    return result or None


def describe(drift: Drift | None) -> str | None:
    """The drift as text; None if there is none."""
    return '; '.join(_parts(drift or {})) or None


def _parts(drift: Drift) -> Iterator[str]:
    if lost := drift.get('lost'):
        yield f'lost {", ".join(lost)}'
    if gained := drift.get('gained'):
        yield f'gained {", ".join(gained)}'
    for uri, fields in sorted(drift.get('changed', {}).items()):
        changes = ', '.join(
            f'{name} from {before} to {after}'
            for name, (before, after) in fields.items()
        )
        yield f'changed {uri} ({changes})'
    if provisioner := drift.get('missing_in'):
        yield f'missing in {provisioner}'
