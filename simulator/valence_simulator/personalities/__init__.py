# SPDX-License-Identifier: Apache-2.0
"""The services that the simulator can provide, by name."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING
from typing import Protocol

if TYPE_CHECKING:
    import argparse

    from aiohttp import web

    from valence_simulator.ledger import Ledger

#: The classes by name; they are imported when needed.
PERSONALITIES = {
    'rsd': 'valence_simulator.personalities.rsd:RsdService',
    'eem': 'valence_simulator.personalities.eem:EemService',
    'redfish': 'valence_simulator.personalities.redfish:CompositionService',
}


class Personality(Protocol):
    """The interface for the server and the control endpoint."""

    name: str
    #: The path of the service root.
    root: str
    options: argparse.Namespace
    ledger: Ledger

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Process a request."""

    def state(self) -> dict:
        """Return the state for tests."""

    def restart(self, forget: bool) -> None:
        """Lose what a real service loses on a restart.

        :param forget: whether all compositions are lost as well.
        """

    async def close(self) -> None:
        """Close connections and stop background work."""

    def finish(self) -> int:
        """Complete all delayed work now; return its number."""

    def set_options(self, **options: object) -> None:
        """Change options at runtime; TypeError if one does not exist."""

    def add_systems(self, count: int, kind: str | None) -> list[str]:
        """Add systems to the pod; return their URIs."""

    def change(self, uri: str, properties: dict) -> None:
        """Merge properties into a resource; KeyError if it does not exist."""

    def remove(self, uri: str) -> None:
        """Remove a resource from the pod; KeyError if it does not exist."""

    def compose(self, body: dict) -> str:
        """Compose like another client; return the URI.

        :raises ValueError, KeyError: if that is not possible.
        """

    def move(self, part: str, to: str | None) -> None:
        """Move a part from its owner to another one.

        :param to: the URI of the new owner; None to free the part.
        :raises ValueError, KeyError: if that is not possible.
        """

    def reserve(self, body: dict) -> str:
        """Reserve parts like another client; return the URI.

        :raises ValueError, KeyError: if that is not possible.
        """

    def emit_events(self, events: list[dict], repeat: int, **how) -> int:
        """Send custom events; return their number."""

    def write_streams(self, text: str | None) -> int:
        """Write a text to all streams, or end them; return their number."""

    def deliver(self, text: str, parallel: int) -> int:
        """POST a text to all subscribers; return their number."""


def load(options: argparse.Namespace) -> Personality:
    """Create the personality that the options select."""
    module, name = PERSONALITIES[options.personality].split(':')
    return getattr(importlib.import_module(module), name)(options)
