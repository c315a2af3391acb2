# SPDX-License-Identifier: Apache-2.0
"""Documents about the service itself: versions, OData, $metadata."""

from __future__ import annotations

from aiohttp import web

from valence_simulator.protocol import answers
from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Tree

_EDMX = 'http://docs.oasis-open.org/odata/ns/edmx'
_SITE = 'http://redfish.dmtf.org/schemas/v1'


def add(tree: Tree) -> None:
    """Add the documents that need no login to the tree."""
    tree.add('/redfish', lambda: {'v1': f'{ROOT}/'}, public=True)
    tree.add(f'{ROOT}/odata', lambda: _odata(tree), public=True)

    async def get_metadata(call: Call) -> web.Response:
        return web.Response(
            body=_metadata(tree).encode(),
            headers={**answers.COMMON, 'Allow': 'GET, HEAD'},
            content_type='application/xml',
        )

    tree.add(f'{ROOT}/$metadata', lambda: {}, public=True, GET=get_metadata)


def _odata(tree: Tree) -> dict:
    """Return the OData service document with the links of the root."""
    root = tree[ROOT].document
    return {
        '@odata.context': f'{ROOT}/$metadata',
        'value': [{'name': 'Service', 'kind': 'Singleton', 'url': f'{ROOT}/'}]
        + [
            {'name': name, 'kind': 'Singleton', 'url': value['@odata.id']}
            for name, value in root.items()
            if isinstance(value, dict) and '@odata.id' in value
        ],
    }


def _metadata(tree: Tree) -> str:
    """Return references to the schemas of all types of the service."""
    namespaces: dict[str, set[str]] = {}
    for uri in tree:
        resource = tree.get(uri)
        if resource is None or resource.render is None:
            continue
        kind = resource.document.get('@odata.type', '').lstrip('#')
        if kind:
            schema = kind.split('.', 1)[0]
            namespace = kind.rsplit('.', 1)[0]
            namespaces.setdefault(schema, {schema}).add(namespace)
    references = ''.join(
        f'<edmx:Reference Uri="{_SITE}/{schema}_v1.xml">'
        + ''.join(f'<edmx:Include Namespace="{n}"/>' for n in sorted(included))
        + '</edmx:Reference>'
        for schema, included in sorted(namespaces.items())
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<edmx:Edmx xmlns:edmx="{_EDMX}" Version="4.0">{references}'
        '<edmx:DataServices>'
        '<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" '
        'Namespace="Service">'
        '<EntityContainer Name="Service" '
        'Extends="ServiceRoot.v1_0_0.ServiceContainer"/>'
        '</Schema></edmx:DataServices></edmx:Edmx>'
    )
