# SPDX-License-Identifier: Apache-2.0
"""The services that the simulator can be, by name."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING
from typing import Protocol

if TYPE_CHECKING:
    import argparse

    from aiohttp import web

    from valence_simulator.ledger import Ledger

#: Personality, and the class that is it. Loaded when chosen.
PERSONALITIES = {
    'rsd': 'valence_simulator.personalities.rsd:RsdService',
    'eem': 'valence_simulator.personalities.eem:EemService',
    'redfish': 'valence_simulator.personalities.redfish:CompositionService',
}


class Personality(Protocol):
    """What the server and its control ask of a personality."""

    name: str
    #: Path of the service's root.
    root: str
    options: argparse.Namespace
    ledger: Ledger

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""

    def state(self) -> dict:
        """What there is, for tests to look at."""

    def restart(self, forget: bool) -> None:
        """Lose what a real service loses when it restarts.

        :param forget: whether all that was composed is lost as well.
        """

    async def close(self) -> None:
        """Let go of connections and background work."""

    def finish(self) -> int:
        """Have all happen now that is to happen later; how much it was."""

    def set_options(self, **options: object) -> None:
        """Change options while running; TypeError if there is none such."""

    def add_systems(self, count: int, kind: str | None) -> list[str]:
        """Put systems into the pod; the URIs of them."""

    def change(self, uri: str, properties: dict) -> None:
        """Merge properties into a resource; KeyError if there is none."""

    def remove(self, uri: str) -> None:
        """Take a resource out of the pod; KeyError if there is none."""

    def compose(self, body: dict) -> str:
        """Compose as another client would; the URI of what was made.

        :raises ValueError, KeyError: it cannot be done.
        """

    def move(self, part: str, to: str | None) -> None:
        """Take a part from what has it, and give it to something else.

        :param to: URI of what gets it; None: it is free.
        :raises ValueError, KeyError: it cannot be done.
        """

    def reserve(self, body: dict) -> str:
        """Reserve parts as another client would; URI of what was made.

        :raises ValueError, KeyError: it cannot be done.
        """

    def emit_events(self, events: list[dict], repeat: int) -> int:
        """Send events made up by hand; how many were sent."""


def load(options: argparse.Namespace) -> Personality:
    """Build the personality that the options ask for."""
    module, name = PERSONALITIES[options.personality].split(':')
    return getattr(importlib.import_module(module), name)(options)
