# SPDX-License-Identifier: Apache-2.0
import urllib.parse

import pecan

from valence import objects
from valence.api import dispatch
from valence.api import render
from valence.api import versions


class RootController:
    """The version document, and the versions."""

    v1 = dispatch.V1Controller()

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def index(self, *args: str, **kwargs: str) -> bytes:
        """The version document that keystoneauth discovers."""
        version = versions.describe(pecan.request.application_url)
        return render.dumps(
            {
                'name': 'OpenStack Valence API',
                'description': 'Manages pod managers and composes bare-metal '
                'servers from pooled hardware.',
                'versions': [version],
                'default_version': version,
            }
        )

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def _default(self, *segments: str, **kwargs: str) -> None:
        """Redirect from the bookmark of a resource to its present URL."""
        request, response = pecan.request, pecan.response
        if request.method not in ('GET', 'HEAD') or not _is_bookmark(segments):
            pecan.abort(404)
        response.status = 307
        response.content_type = None
        path = urllib.parse.quote('/'.join(segments))
        response.location = f'{request.application_url}/v1/{path}'
        if request.query_string:
            response.location += f'?{request.query_string}'


def _is_bookmark(segments: tuple[str, ...]) -> bool:
    return len(segments) == 2 and any(
        cls.LINKED and cls.RESOURCE == segments[0] for cls in objects.ALL
    )
