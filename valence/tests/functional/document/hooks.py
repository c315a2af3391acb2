# SPDX-License-Identifier: Apache-2.0
"""What schemathesis cannot know of the API: formats, and what exists.

It also checks that a response has no header that the document does not name.
"""

import collections

import schemathesis
from hypothesis import strategies

from valence.common import schemas

# Headers of HTTP itself.
_COMMON = frozenset(
    ('allow', 'connection', 'content-length', 'content-type', 'date', 'server')
)
_MAX_KNOWN = 32

# UUIDs of resources, by their collection.
_known = collections.defaultdict(list)


def _texts(format_, alphabet, size):
    schema = {'type': 'string', 'format': format_}
    return strategies.text(alphabet, min_size=1, max_size=size).filter(
        lambda text: schemas.accepts(schema, text)
    )


_LETTERS = strategies.characters(categories=('L', 'N', 'P', 'S', 'Zs'))
for _name, _strategy in {
    'resource-name': _texts('resource-name', _LETTERS, 255),
    'project-id': _texts('project-id', '0123456789abcdef', 64),
    'conductor-group': _texts('conductor-group', 'aZ09_-.', 255),
    # None of them leads to another machine.
    'uri': strategies.integers(1, 9).map(
        lambda port: f'http://127.0.0.1:{port}'
    ),
    'driver': strategies.just('fake'),
    'link': strategies.integers(0, 99).map(lambda n: f'/nodes/{n}'),
    'pem': strategies.text(_LETTERS).map(
        lambda text: f'-----BEGIN CERTIFICATE-----\n{text}'
    ),
}.items():
    schemathesis.openapi.format(_name, _strategy)


def _collection(context):
    # One is also reached under its singular name.
    return context.operation.path.split('/')[2].removesuffix('s')


@schemathesis.hook
def flatmap_path_parameters(context, path_parameters):
    """Mostly ask for a resource that exists."""
    known = _known[_collection(context)]
    given = strategies.just(path_parameters)
    if not known or 'id' not in (path_parameters or ()):
        return given
    existing = strategies.sampled_from(known).map(
        lambda uuid: {**path_parameters, 'id': uuid}
    )
    return strategies.one_of(given, existing, existing, existing)


@schemathesis.hook
def after_call(context, case, response):
    """Remember the resources of a response."""
    if response.status_code >= 300 or not response.content:
        return
    known = _known[_collection(case)]
    body = response.json()
    items = [body, *(one for one in body.values() if isinstance(one, list))]
    for found in items:
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, dict) and 'uuid' in one:
                known.append(one['uuid'])
    del known[:-_MAX_KNOWN]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Ignore the method of a request whose headers are too large.

    Nothing else is looked at in such a request.
    """
    return not (
        response.status_code == 431 and 'undeclared method' in failure.title
    )


@schemathesis.check
def documented_headers(ctx, response, case):
    """Fail for a header that the document does not name."""
    responses = case.operation.responses
    found = responses.find_by_status_code(response.status_code)
    if found is None:
        return
    named = {name.lower() for name, _ in found.headers.items()}
    extra = {name.lower() for name in response.headers} - named - _COMMON
    assert not extra, f'undocumented headers: {extra}'
