# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pecan

from valence.api import dispatch
from valence.api import render
from valence.api import versions


class RootController:
    """The versions, and the way to each."""

    v1 = dispatch.V1Controller()

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def index(self, *args: Any, **kwargs: Any) -> bytes:
        """List the versions, in the form that keystoneauth discovers."""
        version = versions.describe(pecan.request.application_url)
        return render.dumps(
            {
                'name': 'OpenStack Valence API',
                'description': 'Manages pod managers and composes bare-metal '
                'servers out of the hardware that they pool.',
                'versions': [version],
                'default_version': version,
            }
        )
