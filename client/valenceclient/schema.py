# SPDX-License-Identifier: Apache-2.0
"""What the API takes and gives, as its own OpenAPI document says it.

The document is shipped with the package (``tools/refresh_schema.py`` renews
it). Options and help texts of the commands come from here, so that no field is
declared a second time. An older or newer service is no obstacle: what is sent
is checked by the service alone.
"""

import functools
import importlib.resources
import json
from typing import Any

JSON = dict[str, Any]

PAGING = ('limit', 'marker', 'sort_key', 'sort_dir', 'fields')


@functools.cache
def document() -> JSON:
    """The OpenAPI document that this package was made with."""
    path = importlib.resources.files('valenceclient') / 'openapi.json'
    loaded: JSON = json.loads(path.read_text(encoding='utf-8'))
    return loaded


def _operation(method: str, path: str) -> JSON:
    found: JSON = document()['paths'].get(f'/v1/{path}', {}).get(method, {})
    return found


def summary(method: str, path: str) -> str:
    """What a request does, in one line."""
    return str(_operation(method, path).get('summary', ''))


def body(method: str, path: str) -> JSON:
    """The JSON schema of the body that a request takes."""
    content = _operation(method, path).get('requestBody', {})
    found: JSON = (
        content.get('content', {}).get('application/json', {}).get('schema')
    )
    return found or {'properties': {}}


def parameters(method: str, path: str) -> dict[str, JSON]:
    """The query parameters of a request by name."""
    return {
        parameter['name']: parameter
        for parameter in _operation(method, path).get('parameters', ())
        if parameter['in'] == 'query'
    }


def filters(path: str) -> dict[str, JSON]:
    """The query parameters that choose from a collection.

    Where a resource can be named by UUID or name (``pod_manager``), the
    parameter that takes its UUID alone (``podm_uuid``) is left out.
    """
    known = parameters('get', path)
    chosen = {
        name: parameter
        for name, parameter in known.items()
        if name not in PAGING
    }
    for name in ('pod_manager', 'flavor'):
        if name in chosen:
            chosen.pop({'pod_manager': 'podm_uuid'}.get(name, f'{name}_uuid'))
    return chosen
