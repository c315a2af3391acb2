# SPDX-License-Identifier: Apache-2.0
from typing import Any

from valence.api.controllers.v1 import base
from valence.podmanagers import loader


class Drivers:
    """The kinds of pod manager that can be registered."""

    object = None

    @base.verb()
    def list(self, call: base.Call) -> dict[str, Any]:
        """List the installed drivers with what each can do."""
        return {
            'drivers': [
                {
                    'name': name,
                    'description': cls.description(),
                    'capabilities': sorted(cls.capabilities),
                }
                for name, cls in sorted(loader.drivers().items())
            ]
        }
