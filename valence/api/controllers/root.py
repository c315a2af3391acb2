# SPDX-License-Identifier: Apache-2.0
import pecan

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
