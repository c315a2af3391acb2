# SPDX-License-Identifier: Apache-2.0
"""What a request to compose must say (``--required-on-create``)."""

from __future__ import annotations

from valence_simulator.protocol import errors

#: Path of a property, and the values that it can have; any if there are none.
Required = tuple[tuple[str, ...], list[str]]


def parse(wanted: list[str]) -> list[Required]:
    """What the option says: ``NAME``, ``NAME=value,value``, ``Boot/NAME``."""
    parsed = []
    for text in wanted:
        path, _, values = text.partition('=')
        allowed = values.split(',') if values else []
        parsed.append((tuple(path.split('/')), allowed))
    return parsed


def check(body: dict, wanted: list[Required]) -> None:
    """:raises RedfishError: 400, a property is missing or its value wrong."""
    for path, allowed in wanted:
        value, name = body, '/'.join(path)
        for part in path:
            if not isinstance(value, dict) or part not in value:
                raise errors.property_missing(name)
            value = value[part]
        if allowed and value not in allowed:
            raise errors.property_value(name, value)


def annotate(capabilities: dict, wanted: list[Required]) -> dict:
    """Capabilities that tell what is required."""
    annotated = dict(capabilities)
    for (name, *rest), allowed in wanted:
        annotated.pop(f'{name}@Redfish.OptionalOnCreate', None)
        annotated[f'{name}@Redfish.RequiredOnCreate'] = True
        if rest:
            inner = annotate(annotated.get(name, {}), [(tuple(rest), allowed)])
            annotated[name] = inner
        elif allowed:
            annotated[f'{name}@Redfish.AllowableValues'] = allowed
    return annotated
