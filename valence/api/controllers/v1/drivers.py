# SPDX-License-Identifier: Apache-2.0
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.podmanagers import loader


class Drivers:
    """The drivers for kinds of pod managers."""

    object = None

    @base.verb(answer={'drivers': answers.DRIVERS})
    def list(self, call: base.Call) -> base.Answer:
        """List the installed drivers and their capabilities."""
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
