#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a module of the resource classes for openstacksdk.

usage: sdk.py NAME FILE

The class has the fields and query parameters of the OpenAPI document, and
allows the requests that the document has, as the classes in openstacksdk do.
"""

import json
import pathlib
import re
import sys
import textwrap
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

JSON = dict[str, Any]

_DOCUMENT = pathlib.Path(__file__).parents[1] / 'api-ref' / 'openapi.json'
_PAGES = ('limit', 'marker')  # every list of openstacksdk has them
_WIDTH = 79
_TYPES = {'boolean': 'bool', 'integer': 'int'}
_VERBS = {'create': 'post', 'fetch': 'get', 'commit': 'patch'}


class Kind(NamedTuple):
    """What the document does not say of a class.

    :param name: of the class.
    :param path: of its collection in the document, below the version.
    :param doc: its docstring.
    :param base_path: the path with the names of its variables.
    :param identity: the field that identifies a resource.
    """

    name: str
    path: str
    doc: str
    base_path: str = ''
    identity: str = 'uuid'


_POD = '/pod_managers/%(pod_manager)s'
KINDS = {
    'access': Kind(
        'Access',
        'pod_managers/{id}/access',
        'A project with access to a pod manager that is not public.',
        f'{_POD}/access',
        'project_id',
    ),
    'capacity': Kind('Capacity', 'capacity', 'Total and free capacity.'),
    'capacity_sample': Kind(
        'CapacitySample',
        'capacity_samples',
        'What the capacity was at a time.',
    ),
    'chassis': Kind('Chassis', 'chassis', 'A container of hardware.'),
    'condition': Kind(
        'Condition',
        'conditions',
        'Why hardware must not be used, changed or released for now.',
    ),
    'conductor': Kind(
        'Conductor', 'conductors', 'A worker process of the service.'
    ),
    'device': Kind(
        'Device', 'devices', 'A pooled device that can be attached.'
    ),
    'driver': Kind(
        'Driver',
        'drivers',
        'A driver: a supported kind of pod managers.',
        identity='name',
    ),
    'event': Kind('Event', 'events', 'A stored change of a resource.'),
    'expected_part': Kind(
        'ExpectedPart',
        'pod_managers/{id}/expected',
        'Hardware that should be on a pod manager.',
        f'{_POD}/expected',
    ),
    'finding': Kind(
        'Finding',
        'findings',
        'Hardware that should not be there, or is missing.',
    ),
    'flavor': Kind('Flavor', 'flavors', 'A named set of requirements.'),
    'hold': Kind(
        'Hold', 'holds', 'Hardware that is kept for nodes, until a time.'
    ),
    'node': Kind(
        'Node', 'nodes', 'A bare-metal server composed from pooled hardware.'
    ),
    'node_storage': Kind(
        'NodeStorage',
        'nodes/{id}/storages',
        'A drive or storage device of a node.',
        '/nodes/%(node)s/storages',
    ),
    'operation': Kind(
        'Operation',
        'operations',
        'A change of hardware, with its state and result.',
    ),
    'period': Kind(
        'Period',
        'nodes/{id}/history',
        'What a resource was from one time to another.',
        '/%(collection)s/%(of)s/history',
    ),
    'pod_manager': Kind(
        'PodManager', 'pod_managers', 'A controller of pooled hardware.'
    ),
    'pool': Kind(
        'Pool', 'pools', 'Nodes of a flavor that are kept ready in Ironic.'
    ),
    'rack': Kind('Rack', 'racks', 'A chassis that is a rack.'),
    'storage': Kind('Storage', 'storages', 'A storage service or pool.'),
    'system': Kind(
        'System', 'systems', 'A system from which a node can be composed.'
    ),
    'topology': Kind(
        'Topology',
        'pod_managers/{id}/topology',
        'The tree of a pod manager: its chassis with what they contain.',
        f'{_POD}/topology',
    ),
}


class Document:
    """The OpenAPI document.

    :param content: the parsed document.
    """

    def __init__(self, content: JSON) -> None:
        self._schemas: JSON = content['components']['schemas']
        self.paths: JSON = content['paths']

    def answer(self, path: str) -> JSON:
        """Return the properties of the answer to GET, by name."""
        found = self.paths.get(f'/v1/{path}', {}).get('get')
        if found is None:
            return {}
        media = found['responses']['200']['content']['application/json']
        return self.properties(media['schema'])

    def request(self, method: str, path: str) -> JSON:
        """Return the properties of a request body, by name."""
        found = self.paths.get(f'/v1/{path}', {}).get(method, {})
        media = found.get('requestBody', {}).get('content', {})
        return self.properties(
            media.get('application/json', {}).get('schema', {})
        )

    def properties(self, schema: JSON) -> JSON:
        """Return the properties of an object, also of what it refers to."""
        found = dict(schema.get('properties', {}))
        if '$ref' in schema:
            name = schema['$ref'].rpartition('/')[2]
            found = {**self.properties(self._schemas[name]), **found}
        return found

    def allows(self, method: str, path: str) -> bool:
        """Return whether the document has a request."""
        return method in self.paths.get(f'/v1/{path}', {})

    def parameters(self, path: str) -> list[str]:
        """Return the names of the query parameters of a list."""
        return [
            one['name']
            for one in self.paths[f'/v1/{path}']['get'].get('parameters', ())
            if one['in'] == 'query' and one['name'] not in _PAGES
        ]


def module(kind: Kind, document: Document) -> str:
    """Return the source of the module of a class."""
    base_path = kind.base_path or f'/{kind.path}'
    answer = document.answer(kind.path)
    listed = next(
        (one for one, field in answer.items() if field['type'] == 'array'), ''
    )
    key = listed or next(iter(answer))
    schema = answer[key]
    one = f'{kind.path}/{{id}}'
    fields = {
        **document.request('post', kind.path),
        **document.request('patch', one),
        **document.properties(schema['items'] if listed else schema),
        **document.answer(one),
    }
    lines = [
        '# SPDX-License-Identifier: Apache-2.0',
        '# Generated by tools/sdk.py.',
        'from openstack import resource',
        '',
        'from valenceclient.v1 import _common',
        *('', ''),
        f'class {kind.name}(_common.Resource):',
        f'    """{kind.doc}"""',
        '',
        f"    base_path = '{base_path}'",
        f"    {'resources_key' if listed else 'resource_key'} = '{key}'",
        *_capabilities(kind, document, bool(listed)),
        '',
        *(_query(document.parameters(kind.path)) if listed else ()),
        *_identity(kind),
        *_uris(base_path),
    ]
    for name, field in fields.items():
        if name != kind.identity:
            lines += _body(name, field)
    return '\n'.join(lines) + '\n'


def _capabilities(
    kind: Kind, document: Document, listed: bool
) -> Iterator[str]:
    """Yield what the class allows; the base class allows nothing."""
    one = f'{kind.path}/{{id}}'
    allowed = {
        'create': document.allows('post', kind.path),
        'fetch': document.allows('get', one) or not listed,
        'commit': document.allows('patch', one),
        'delete': document.allows('delete', one)
        or document.allows('delete', f'{kind.path}/{{{kind.identity}}}'),
        'list': listed,
    }
    for verb, allows in allowed.items():
        if allows:
            yield f'    allow_{verb} = True'


def _query(names: list[str]) -> Iterator[str]:
    """Yield the query parameters of a list."""
    if not names:
        return
    yield '    _query_mapping = _common.QueryParameters('
    yield from (f"        '{name}'," for name in names)
    yield '    )'
    yield ''


def _identity(kind: Kind) -> Iterator[str]:
    if kind.identity == 'uuid':
        return
    name = kind.identity
    yield '    #: What identifies it.'
    more = '' if name == 'name' else f", alternate_id=True, aka='{name}'"
    yield f"    id = resource.Body('{name}'{more})"


def _uris(base_path: str) -> Iterator[str]:
    """Yield the variables of the path."""
    for name in re.findall(r'%\((\w+)\)s', base_path):
        yield f"    {name} = resource.URI('{name}')"


def _body(name: str, field: JSON) -> Iterator[str]:
    """Yield a field with its description."""
    text = field.get('description', '')
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent='    #: ', subsequent_indent='    #: '
    )
    types = field.get('type', ())
    given = {types} if isinstance(types, str) else {*types} - {'null'}
    kind = _TYPES.get(given.pop()) if len(given) == 1 else None
    more = f', type={kind}' if kind else ''
    yield f"    {name} = resource.Body('{name}'{more})"


def main() -> None:
    """Write the module."""
    if len(sys.argv) != 3 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    document = Document(json.loads(_DOCUMENT.read_text(encoding='utf-8')))
    text = module(KINDS[sys.argv[1]], document)
    pathlib.Path(sys.argv[2]).write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
