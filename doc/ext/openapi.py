# SPDX-License-Identifier: Apache-2.0
"""Renders the OpenAPI document as the API reference.

``.. openapi::`` creates a section for every resource, with its paths and
fields.
"""

import json
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

METHODS = ('get', 'post', 'put', 'patch', 'delete')


def kind(schema: dict[str, Any]) -> str:
    """Return the type of a value as text."""
    if '$ref' in schema:
        return schema['$ref'].rpartition('/')[2]
    if 'enum' in schema:
        values = ['null' if v is None else str(v) for v in schema['enum']]
        return 'one of ' + ', '.join(values)
    types = schema.get('type', 'any')
    text = ' or '.join([types] if isinstance(types, str) else types)
    if 'format' in schema:
        text += f' ({schema["format"]})'
    if 'maxLength' in schema:
        text += f', at most {schema["maxLength"]} characters'
    return text


def row(*cells: str) -> Iterator[str]:
    """Return a row of a list-table."""
    for n, cell in enumerate(cells):
        yield f'{"   * -" if n == 0 else "     -"} {cell}'.rstrip()


def table(title: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    """Return a table of names, types and meanings."""
    if not rows:
        return
    yield from (f'**{title}**', '', '.. list-table::')
    yield from ('   :widths: 20 30 50', '   :header-rows: 1', '')
    yield from row('Name', 'Type', 'Meaning')
    for name, type_, meaning in rows:
        yield from row(f'``{name}``', type_, meaning)
    yield ''


def fields(
    schema: dict[str, Any], prefix: str = ''
) -> list[tuple[str, str, str]]:
    """Return the properties of an object, including nested ones."""
    rows = []
    required = schema.get('required', ())
    for name, inner in schema.get('properties', {}).items():
        meaning = inner.get('description', '')
        if name in required:
            meaning = f'{meaning} Required.'.strip()
        if inner.get('writeOnly'):
            meaning += ' Never returned.'
        rows.append((f'{prefix}{name}', kind(inner), meaning))
        rows += fields(inner, f'{prefix}{name}.')
        if isinstance(inner.get('items'), dict):
            rows += fields(inner['items'], f'{prefix}{name}[].')
    return rows


def example(title: str, content: dict[str, Any]) -> Iterator[str]:
    """Return the example of a body, if there is one."""
    if 'example' not in content:
        return
    yield from (f'**{title}**', '', '.. code-block:: json', '')
    text = json.dumps(content['example'], indent=2, ensure_ascii=False)
    yield from (f'   {line}' for line in text.splitlines())
    yield ''


def operation(path: str, method: str, what: dict[str, Any]) -> Iterator[str]:
    """Return the documentation of a method of a path."""
    title = f'{method.upper()} {path}'
    yield from (title, '~' * len(title), '', what['summary'], '')
    statuses = [
        f'``{status}`` ({answer["description"].rstrip(".").lower()})'
        for status, answer in what['responses'].items()
        if 'description' in answer
    ]
    errors = [f'``{n}``' for n in what['responses'] if n[0] in '45']
    yield from (f'Returns {", ".join(statuses)}.', '')
    yield from (f'Errors: {", ".join(errors)}.', '')
    yield from table(
        'Query parameters',
        [
            (found['name'], kind(found['schema']), found['description'])
            for found in what.get('parameters', ())
        ],
    )
    if 'requestBody' in what:
        body = what['requestBody']['content']['application/json']
        yield from table('Request body', fields(body['schema']))
        yield from example('Example of a request', body)
    for answer in what['responses'].values():
        content = answer.get('content', {}).get('application/json', {})
        yield from table(
            'Response, in addition to the resource'
            if '$ref' in content.get('schema', {})
            else 'Response',
            fields(content.get('schema', {})),
        )
        yield from example('Example of a response', content)


def schemas_in(what: Any, known: dict[str, Any]) -> set[str]:
    """Return the names of the schemas in a part, and of those in them."""
    text = json.dumps(what)
    marker = '#/components/schemas/'
    found = {part.partition('"')[0] for part in text.split(marker)[1:]}
    rest = {name: one for name, one in known.items() if name not in found}
    inner = [schemas_in(known[name], rest) for name in found & {*known}]
    return found.union(*inner) - {'Error'}


def reference(document: dict[str, Any]) -> Iterator[str]:
    """Return the whole document as reStructuredText."""
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, item in document['paths'].items():
        for method in METHODS:
            if method in item:
                tag = item[method]['tags'][0]
                by_tag.setdefault(tag, []).append((path, method, item[method]))
    documented: set[str] = set()
    for tag, operations in by_tag.items():
        title = tag.replace('_', ' ').capitalize()
        yield from (title, '-' * len(title), '')
        names: set[str] = set()
        for path, method, what in operations:
            yield from operation(path, method, what)
            names |= schemas_in(what, document['components']['schemas'])
        for name in sorted(names - documented):
            schema = document['components']['schemas'][name]
            yield from table(f'Fields of {name}', fields(schema))
        documented |= names


class OpenApi(SphinxDirective):
    """The API reference, from the file in ``openapi_document``."""

    def run(self) -> list[nodes.Node]:
        path = self.config.openapi_document
        self.env.note_dependency(str(path))
        text = '\n'.join(reference(json.loads(path.read_text())))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_config_value('openapi_document', None, 'env')
    app.add_directive('openapi', OpenApi)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
