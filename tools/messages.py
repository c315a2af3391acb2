#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a message catalog of the dashboard.

usage: messages.py LANGUAGE FILE OUTPUT

FILE is ``django.po``, ``djangojs.po`` or the ``.mo`` of one of them. A ``.po``
keeps its translations, gets new messages without one, and loses those that the
code does not contain any more. What the dashboard shows of the API document,
such as labels and descriptions of fields, are messages, too.
"""

import argparse
import io
import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any
from typing import TypeAlias

import django
from babel.messages import catalog
from babel.messages import extract
from babel.messages import mofile
from babel.messages import pofile
from django import conf
from django.utils.translation import template
from valenceclient import schema

from valence_dashboard import fields
from valence_dashboard import reasons

TOP = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = TOP / 'dashboard' / 'valence_dashboard'
#: Languages with a catalog.
LOCALE = PACKAGE / 'locale'
_KEYWORDS = extract.DEFAULT_KEYWORDS | {
    'gettext_lazy': None,
    'ngettext_lazy': (1, 2),
    'pgettext_lazy': ((1, 'c'), 2),
}
# Functions that get the name of a field, and return its label.
_NAMING = dict.fromkeys(('column', 'label', 'label_with_unit', 'amount'))
_HEADERS = ('Language', 'Plural-Forms', 'MIME-Version', 'Content-Type')
# The schema of an error is read by programs only.
_UNSEEN = ('Error',)
Message: TypeAlias = tuple[str | tuple[str, ...], str, str | None]


def _files(suffix: str) -> Iterator[pathlib.Path]:
    for path in sorted(PACKAGE.rglob(f'*{suffix}')):
        if 'tests' not in path.relative_to(PACKAGE).parts:
            yield path


def _extracted(
    kind: str, path: pathlib.Path, text: str, keywords: Any = None
) -> Iterator[Message]:
    """The messages of a file, with the file and the context of each.

    :param keywords: the functions that get them.
    """
    place = str(path.relative_to(PACKAGE))
    stream = io.BytesIO(text.encode())
    found = extract.extract(kind, stream, keywords or _KEYWORDS)
    for _, message, _, context in found:
        yield message, place, context


def _of_code() -> Iterator[Message]:
    for path in _files('.py'):
        text = path.read_text()
        yield from _extracted('python', path, text)
        for name, place, _ in _extracted('python', path, text, _NAMING):
            yield fields.words(str(name)), place, None
    for path in _files('.html'):
        text = template.templatize(path.read_text(), origin=str(path))
        # What is left of the template has no indentation of Python.
        lines = '\n'.join(line.strip() for line in text.splitlines())
        yield from _extracted('python', path, lines)


def _of_scripts() -> Iterator[Message]:
    for path in _files('.js'):
        yield from _extracted('javascript', path, path.read_text())


def _of_document() -> Iterator[Message]:
    """What the dashboard shows of the API document."""
    document = schema.document()
    schemas = {
        name: one
        for name, one in document['components']['schemas'].items()
        if name not in _UNSEEN
    }
    texts = set(_texts(schemas))
    texts.update(map(fields.value_words, fields.COLOR))
    for path in document['paths'].values():
        for operation in path.values():
            if isinstance(operation, dict):
                texts |= set(_texts(operation.get('requestBody', {})))
                texts |= set(_parameters(operation))
    for text in sorted(texts):
        yield text, 'openapi.json', None


def _of_reasons() -> Iterator[Message]:
    """The templates of errors and reasons."""
    for text in json.loads(reasons.PATH.read_text()):
        yield text, 'reasons.json', None


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    """The labels and descriptions of the filters of a list."""
    for one in operation.get('parameters', ()):
        if one.get('in') == 'query' and one['name'] not in schema.PAGING:
            yield fields.words(one['name'])
            yield from _texts(one)


def _texts(node: Any) -> Iterator[str]:
    """The labels, descriptions and values within schemas."""
    if isinstance(node, list):
        for one in node:
            yield from _texts(one)
    if not isinstance(node, dict):
        return
    names = node.get('properties')
    if isinstance(names, dict):
        yield from (fields.words(one) for one in names if one != '$ref')
    if isinstance(node.get('description'), str):
        yield node['description']
    for value in node.get('enum', ()):
        if isinstance(value, str):
            yield fields.value_words(value)
    for one in node.values():
        yield from _texts(one)


_SOURCES = {
    'django': lambda: (*_of_code(), *_of_document(), *_of_reasons()),
    'djangojs': _of_scripts,
}


def read(path: pathlib.Path, language: str) -> catalog.Catalog:
    """Return the catalog in a file; an empty one if there is none."""
    if not path.exists():
        return catalog.Catalog(locale=language)
    with path.open('rb') as stream:
        return pofile.read_po(stream, locale=language)


def template_of(domain: str) -> catalog.Catalog:
    """Return all messages of the code, without translations."""
    made = catalog.Catalog()
    for text, place, context in _SOURCES[domain]():
        if text and text != ('',):
            made.add(text, locations=[(place, None)], context=context)
    return made


class _Catalog(catalog.Catalog):
    """A catalog without the dates and versions of tools in its header."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:  # type: ignore[override]
        """What programs need to read it."""
        return [
            (name, value)
            for name, value in super().mime_headers
            if name in _HEADERS
        ]


def updated(path: pathlib.Path, domain: str, language: str) -> _Catalog:
    """Return a catalog with the messages of the code."""
    old = read(path, language)
    new = _Catalog(
        language,
        header_comment='# SPDX-License-Identifier: Apache-2.0',
        fuzzy=False,
    )
    for message in template_of(domain):
        if not message.id:
            continue
        known = old.get(message.id, message.context)
        added = new.add(
            message.id,
            known.string if known else None,
            message.locations,
            context=message.context,
        )
        if known:
            added.flags |= known.flags & {'fuzzy'}
    return new


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('language')
    parser.add_argument('file')
    parser.add_argument('output', type=pathlib.Path)
    options = parser.parse_args()
    os.chdir(TOP)
    conf.settings.configure()
    django.setup()
    domain, _, suffix = options.file.partition('.')
    path = LOCALE / options.language / 'LC_MESSAGES' / f'{domain}.po'
    found = updated(path, domain, options.language)
    with options.output.open('wb') as stream:
        if suffix == 'po':
            pofile.write_po(
                stream, found, 0, sort_output=True, include_lineno=False
            )
        else:
            mofile.write_mo(stream, found)


if __name__ == '__main__':
    main()
