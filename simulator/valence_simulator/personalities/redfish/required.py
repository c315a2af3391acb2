# SPDX-License-Identifier: Apache-2.0
"""Required properties of a composition (``--required-on-create``)."""

from __future__ import annotations

from valence_simulator.protocol import errors

#: The paths of properties, and their valid values; none means any.
Required = tuple[tuple[str, ...], list[str]]


def parse(properties: list[str]) -> list[Required]:
    """Parse ``NAME``, ``NAME=value,value`` or ``Boot/NAME``."""
    parsed = []
    for text in properties:
        path, _, values = text.partition('=')
        allowed = values.split(',') if values else []
        parsed.append((tuple(path.split('/')), allowed))
    return parsed


def check(body: dict, properties: list[Required]) -> None:
    """:raises RedfishError: 400 if a property is missing or invalid."""
    for path, allowed in properties:
        value, name = body, '/'.join(path)
        for part in path:
            if not isinstance(value, dict) or part not in value:
                raise errors.property_missing(name)
            value = value[part]
        if allowed and value not in allowed:
            raise errors.property_value(name, value)


def annotate(capabilities: dict, properties: list[Required]) -> dict:
    """Return capabilities that show the required properties."""
    annotated = dict(capabilities)
    for (name, *rest), allowed in properties:
        annotated.pop(f'{name}@Redfish.OptionalOnCreate', None)
        annotated[f'{name}@Redfish.RequiredOnCreate'] = True
        if rest:
            inner = annotate(annotated.get(name, {}), [(tuple(rest), allowed)])
            annotated[name] = inner
        elif allowed:
            annotated[f'{name}@Redfish.AllowableValues'] = allowed
    return annotated
