# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the API, from its OpenAPI document.

The package contains a copy of the document; ``make samples`` in the repository
updates it. Options and help texts of the commands are generated from it. The
client also works with other versions of the service, because only the service
validates requests.
"""

import functools
import importlib.resources
import json
from typing import Any

JSON = dict[str, Any]

PAGING = ('limit', 'marker', 'sort_key', 'sort_dir', 'fields', 'with_count')


@functools.cache
def document() -> JSON:
    """Return the OpenAPI document of this package."""
    path = importlib.resources.files('valenceclient') / 'openapi.json'
    loaded: JSON = json.loads(path.read_text(encoding='utf-8'))
    return loaded


def _operation(method: str, path: str) -> JSON:
    found: JSON = document()['paths'].get(f'/v1/{path}', {}).get(method, {})
    return found


def summary(method: str, path: str) -> str:
    """Return the one-line summary of a request."""
    return str(_operation(method, path).get('summary', ''))


def body(method: str, path: str) -> JSON:
    """Return the JSON schema of a request body."""
    content = _operation(method, path).get('requestBody', {})
    found: JSON = (
        content.get('content', {}).get('application/json', {}).get('schema')
    )
    return _resolved(found) if found else {'properties': {}}


def fields(path: str) -> set[str]:
    """Return the names of the fields of the resources in a collection."""
    answer = _operation('get', path).get('responses', {}).get('200', {})
    found = answer.get('content', {}).get('application/json', {})
    for listed in found.get('schema', {}).get('properties', {}).values():
        if listed.get('type') == 'array':
            return {*_resolved(listed['items']).get('properties', ())}
    return set()


def _resolved(node: Any) -> Any:
    """Return a schema of a request without references.

    Those of requests do not recur.
    """
    if isinstance(node, list):
        return [_resolved(one) for one in node]
    if not isinstance(node, dict):
        return node
    known = {name: _resolved(one) for name, one in node.items()}
    reference = known.pop('$ref', None)
    if reference is None:
        return known
    name = reference.rpartition('/')[2]
    return {**_resolved(document()['components']['schemas'][name]), **known}


def parameters(method: str, path: str) -> dict[str, JSON]:
    """Return the query parameters of a request by name."""
    return {
        parameter['name']: parameter
        for parameter in _operation(method, path).get('parameters', ())
        if parameter['in'] == 'query'
    }


@functools.cache
def secrets() -> frozenset[str]:
    """Return the names of secret properties of requests."""
    return frozenset(
        name
        for path in document()['paths'].values()
        for operation in path.values()
        if isinstance(operation, dict)
        for name, field in operation.get('requestBody', {})
        .get('content', {})
        .get('application/json', {})
        .get('schema', {})
        .get('properties', {})
        .items()
        if field.get('writeOnly')
    )


def filters(path: str) -> dict[str, JSON]:
    """Return the query parameters that filter a collection.

    If a filter accepts UUID or name (``pod_manager``), the one that accepts
    only the UUID (``podm_uuid``) is omitted.
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
