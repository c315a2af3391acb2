# SPDX-License-Identifier: Apache-2.0
"""Required properties of a request, from the values that a service allows."""

from valence.common.types import JsonObject
from valence.podmanagers.wire.values import array
from valence.podmanagers.wire.values import obj

_REQUIRED = '@Redfish.RequiredOnCreate'
_ALLOWED = '@Redfish.AllowableValues'
# So deep are the objects in a capabilities object, at most.
_DEPTH = 8


def fill(body: JsonObject, capabilities: JsonObject) -> JsonObject:
    """A request with the properties that the service requires.

    Where the service lists the allowed values, the first one is used. What is
    in the request already remains.

    :param capabilities: the capabilities object of the service.
    """
    return _fill(body, capabilities, _DEPTH)


def _fill(
    body: JsonObject, capabilities: JsonObject, depth: int
) -> JsonObject:
    result = dict(body)
    for key, value in capabilities.items():
        name = key.removesuffix(_REQUIRED)
        if name == key or value is not True or not depth:
            continue
        inner = obj(capabilities.get(name))
        allowed = array(capabilities.get(f'{name}{_ALLOWED}'))
        if inner and isinstance(result.get(name, {}), dict):
            # Links are set later.
            found = _fill(obj(result.get(name)), inner, depth - 1)
            if found:
                result[name] = found
        elif name not in result and allowed:
            result[name] = allowed[0]
    return result
