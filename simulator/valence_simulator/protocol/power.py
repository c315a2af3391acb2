# SPDX-License-Identifier: Apache-2.0
"""Power states, and how they follow a reset."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Protocol

from valence_simulator.protocol import errors
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

    :param types: the reset types unless ``--reset-types`` says otherwise.
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
        """The reset types that machines know."""
        return self._options.reset_types or self._usual

    def type_of(self, body: dict) -> str:
        """The ResetType of a request.

        :raises RedfishError: 400, the body is not right.
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

        seconds = self._options.power_seconds
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
