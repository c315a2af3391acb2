# SPDX-License-Identifier: Apache-2.0
"""Power states, and how they follow a reset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from valence_simulator.protocol.delays import Delay
from valence_simulator.protocol.delays import Delays

OFF = ('ForceOff', 'GracefulShutdown')
#: What changes no power state.
NONE = ('Nmi',)


class Powered(Protocol):
    """What is switched on and off."""

    power: str


class Power:
    """Switches; a machine takes its time for it.

    :param seconds: tells how long a machine is powering on or off.
    """

    def __init__(self, delays: Delays, seconds: Callable[[], float]):
        self._delays = delays
        self._seconds = seconds
        self._under_way: dict[int, Delay] = {}

    def reset(
        self, machine: Powered, kind: str, changed: Callable[[], None]
    ) -> None:
        """Do what a ResetType asks for.

        :param changed: called whenever the power state has changed.
        """
        if kind in NONE:
            return
        goal = 'Off' if kind in OFF else 'On'
        if kind == 'PushPowerButton':
            goal = 'Off' if machine.power in ('On', 'PoweringOn') else 'On'

        def arrive() -> None:
            self.set(machine, goal)
            changed()

        seconds = self._seconds()
        if not seconds:
            arrive()
            return
        self.set(machine, f'Powering{goal}')
        self._under_way[id(machine)] = self._delays.later(seconds, arrive)
        changed()

    def set(self, machine: Powered, state: str) -> None:
        """Have a machine in a state at once, whatever is under way."""
        before = self._under_way.pop(id(machine), None)
        if before is not None:
            before.cancel()
        machine.power = state
