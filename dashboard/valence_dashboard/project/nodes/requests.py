# SPDX-License-Identifier: Apache-2.0
"""Requests to compose nodes: as JSON, of other nodes, and in the form."""

import json
from typing import Any

from django import http
from django.utils.translation import gettext as _
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard.exceptions import Error
from valence_dashboard.project.nodes import composing

_PREVIEWED = schema.body('post', 'nodes/preview')['properties'].keys()
_KNOWN = schema.body('post', 'nodes')['properties'].keys()
# No request is larger.
_MAX_BYTES = 2**20
# What the form has under the same name.
_PLAIN = (
    *('name', 'description', 'flavor', 'hold', 'pod_manager'),
    *('lease_until', 'lease_end'),
)


def previewed(body: dict[str, Any]) -> dict[str, Any]:
    """Return what a preview has of the body of a request.

    What is unknown stays, so that the API rejects it.
    """
    left_out = (_KNOWN - _PREVIEWED) | {'hold'}
    return {n: v for n, v in body.items() if n not in left_out}


def parse(request: http.HttpRequest) -> dict[str, Any]:
    """Return the request that a user has pasted or uploaded.

    :raises Error: if it is not one; the API names the field.
    """
    upload = request.FILES.get('file')
    if upload and upload.size > _MAX_BYTES:
        raise Error(_('The file has more than 1 MiB.'))
    text = upload.read() if upload else request.POST.get('request', '')
    try:
        body = json.loads(text)
        # Half a surrogate pair can be read, but not shown or sent.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as exc:
        raise Error(_('Invalid JSON: %s') % exc) from exc
    if not isinstance(body, dict):
        raise Error(_('The request is not a JSON object.'))
    for name in set(_PLAIN) & body.keys():
        if not isinstance(body[name], str | None):
            raise Error(_('%s is not a text.') % name)
    api.client(request).preview_node(**previewed(body))
    return body


def of_node(request: http.HttpRequest, node: api.Record) -> dict[str, Any]:
    """Return a request for a node like another one, without a name.

    Affinity and registration are those of the operation that composed it, if
    the API still has it. The hardware of a node that failed is free again:
    only then it is requested again.
    """
    params = _params(request, node)
    registered = 'register' in params or bool(node.managed_by)
    hardware = (
        {'flavor': node.flavor_uuid}
        if node.flavor_uuid
        else {'properties': node.properties}
    )
    body = {
        **hardware,
        'description': node.description,
        'lease_end': node.lease_end,
        'affinity': params.get('affinity'),
        # Without options, Ironic's defaults apply.
        'register': params.get('register') or registered,
        'resources': composing.is_failed(node) and params.get('resources'),
    }
    return {name: value for name, value in body.items() if value}


def _params(request: http.HttpRequest, node: api.Record) -> dict[str, Any]:
    """Return what the operation that composed a node was requested with."""
    try:
        found = api.list_resources(
            *(request, 'operations', 1),
            action='compose',
            target_uuid=node.id,
        )
    except Error:
        return {}
    params: dict[str, Any] = found[0].params if found else {}
    return params


def to_initial(body: dict[str, Any]) -> dict[str, Any]:
    """Return the initial values of the form, by field."""
    initial = {name: body[name] for name in _PLAIN if body.get(name)}
    initial['properties'] = body.get('properties') or {}
    initial['resources'] = '\n'.join(body.get('resources') or ())
    affinity = dict(body.get('affinity') or {})
    scope = affinity.pop('scope', None)
    for kind, others in affinity.items():
        initial |= {'relation': f'{kind}:{scope}', 'others': others}
    if body.get('register'):
        initial['register'] = body['register']
    return initial
