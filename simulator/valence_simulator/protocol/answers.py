# SPDX-License-Identifier: Apache-2.0
"""Answers as Redfish wants them, with its headers."""

from __future__ import annotations

import json

from aiohttp import web

from valence_simulator.protocol.errors import RedfishError
from valence_simulator.protocol.resources import Resource
from valence_simulator.protocol.resources import described_by

#: Headers of every answer.
COMMON = {'OData-Version': '4.0', 'Cache-Control': 'no-cache'}


def ok(resource: Resource, status: int = 200, **headers: str) -> web.Response:
    """The resource as it is now."""
    return web.Response(
        status=status,
        body=resource.body,
        headers={**resource.headers, **headers},
        content_type='application/json',
    )


def read(document: dict, resource: Resource) -> web.Response:
    """A document made of a resource by a query."""
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
    """201 with the Location of what there is now, and its document."""
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
    """The error in Redfish's form."""
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
