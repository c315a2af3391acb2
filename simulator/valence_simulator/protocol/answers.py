# SPDX-License-Identifier: Apache-2.0
"""Responses with the headers of Redfish."""

from __future__ import annotations

import json

from aiohttp import web

from valence_simulator.protocol.errors import RedfishError
from valence_simulator.protocol.resources import Resource
from valence_simulator.protocol.resources import described_by

#: The headers of every response.
COMMON = {'OData-Version': '4.0', 'Cache-Control': 'no-cache'}


def ok(resource: Resource, status: int = 200, **headers: str) -> web.Response:
    """Return the current document of a resource."""
    return web.Response(
        status=status,
        body=resource.body,
        headers={**resource.headers, **headers},
        content_type='application/json',
    )


def read(document: dict, resource: Resource) -> web.Response:
    """Return the result of a query on a resource."""
    headers = dict(resource.headers)
    headers.pop('ETag', None)
    shown = document if resource.view is None else resource.view(document)
    return web.Response(
        body=json.dumps(shown).encode(),
        headers=headers,
        content_type='application/json',
    )


def created(
    resource: Resource, headers: dict[str, str] | None = None
) -> web.Response:
    """Return 201 with the Location of a resource, and its document."""
    return web.Response(
        status=201,
        body=resource.body,
        headers={
            **resource.headers,
            'Location': resource.uri,
            **(headers or {}),
        },
        content_type='application/json',
    )


def no_content() -> web.Response:
    return web.Response(status=204, headers=COMMON)


def error(problem: RedfishError) -> web.Response:
    """Return an error in the form of Redfish."""
    return web.Response(
        status=problem.status,
        body=json.dumps(problem.body()).encode(),
        headers={
            **COMMON,
            'Link': described_by(''),
            **problem.headers,
        },
        content_type='application/json',
    )
