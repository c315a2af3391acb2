# SPDX-License-Identifier: Apache-2.0
"""Why no free hardware meets a request, as a table, and what would fit."""

import json
from typing import Any
from typing import NamedTuple

from valenceclient import schema

from valence_dashboard import requirements

_SCHEMA = schema.body('post', 'nodes')['properties']['properties']


class Row(NamedTuple):
    """A requirement.

    :param nearest: what the nearest free hardware has; empty: not known.
    """

    label: str
    asked: str
    is_met: bool
    nearest: str


class Shortage(NamedTuple):
    """What the nearest pod manager lacks.

    :param fit: the request as JSON, reduced to what fits; None: nothing does.
    """

    pod_manager: str
    systems: int | None
    rows: list[Row]
    fit: str | None


def nearest(body: dict[str, Any], preview: dict[str, Any]) -> Shortage | None:
    """Return what is missing where least of the request is.

    :param body: the request.
    """
    found = [one for one in preview['rejections'] if one.get('unmet')]
    if preview['candidates'] or not found:
        return None
    best = min(found, key=lambda one: len(_describe(one['unmet'])))
    has = _describe(best.get('nearest') or {})
    rows = [
        Row(*texts, False, has.get(key, ('', ''))[1] if _named(key) else '')
        for key, texts in _describe(best['unmet']).items()
    ]
    met = _describe(best['met']).values()
    rows += [Row(*texts, True, '') for texts in met]
    fit = best.get('nearest') or best['met']
    return Shortage(
        best['name'], best.get('systems'), rows, _request(body, fit)
    )


def _describe(
    properties: dict[str, Any],
) -> dict[tuple[str, str | int], tuple[str, str]]:
    return requirements.describe(_SCHEMA, properties)


def _named(key: tuple[str, str | int]) -> bool:
    """Return whether a requirement is one of a kind: others have a number."""
    return isinstance(key[1], str)


def _request(body: dict[str, Any], fit: dict[str, Any]) -> str | None:
    """Return a request with other requirements."""
    if not fit:
        return None
    rest = {n: v for n, v in body.items() if n not in ('flavor', 'properties')}
    return json.dumps({**rest, 'properties': fit})
