# SPDX-License-Identifier: Apache-2.0
"""Power states and resets."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Protocol

from valence_simulator.protocol import errors
from valence_simulator.protocol.delays import Delay
from valence_simulator.protocol.delays import Delays

OFF = ('ForceOff', 'GracefulShutdown')
#: Reset types that do not change the power state.
NONE = ('Nmi',)


class Powered(Protocol):
    """Something with a power state."""

    power: str


class Power:
    """Changes power states, with a delay.

    :param types: the default reset types, without ``--reset-types``.
    """

    def __init__(
        self, delays: Delays, options: argparse.Namespace, types: list[str]
    ):
        self._delays = delays
        self._options = options
        self._usual = types
        self._under_way: dict[int, Delay] = {}

    @property
    def types(self) -> list[str]:
        """Return the reset types that machines support."""
        return self._options.reset_types or self._usual

    def type_of(self, body: dict) -> str:
        """Return the ResetType of a request.

        :raises RedfishError: 400 if the body is invalid.
        """
        kind = body.get('ResetType')
        if kind is None:
            raise errors.property_missing('ResetType')
        if kind not in self.types:
            raise errors.property_value('ResetType', kind)
        for name in body:
            if name != 'ResetType':
                raise errors.property_unknown(name)
        return kind

    def reset(
        self, machine: Powered, kind: str, changed: Callable[[], None]
    ) -> None:
        """Reset a machine.

        :param changed: called after every change of the power state.
        """
        if kind in NONE:
            return
        goal = 'Off' if kind in OFF else 'On'
        if kind == 'PushPowerButton':
            goal = 'Off' if machine.power in ('On', 'PoweringOn') else 'On'

        def arrive() -> None:
            self.set(machine, goal)
            changed()

        seconds = self._options.power_seconds
        if not seconds:
            arrive()
            return
        self.set(machine, f'Powering{goal}')
        self._under_way[id(machine)] = self._delays.later(seconds, arrive)
        changed()

    def set(self, machine: Powered, state: str) -> None:
        """Set the power state at once, and cancel delayed changes."""
        before = self._under_way.pop(id(machine), None)
        if before is not None:
            before.cancel()
        machine.power = state
