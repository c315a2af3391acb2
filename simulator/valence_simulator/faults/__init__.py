# SPDX-License-Identifier: Apache-2.0
"""Fault injection: which requests are affected, and how.

A fault acts before the request is processed (``delay``, ``status``, ``hang``
…), changes the response afterwards (``truncate``, ``lost-answer`` …), or is
attached to the request for the personality (``fail-task``).
"""

from __future__ import annotations

import dataclasses
import random
import re

from aiohttp import web

from valence_simulator.faults.effects import EXPIRE_SESSION
from valence_simulator.faults.effects import FAIL_TASK
from valence_simulator.faults.effects import FAULTS
from valence_simulator.faults.effects import IGNORE
from valence_simulator.faults.effects import INTRUDE
from valence_simulator.faults.effects import REMOVE
from valence_simulator.faults.effects import STRANGER
from valence_simulator.faults.effects import TASK
from valence_simulator.faults.effects import Handler
from valence_simulator.faults.effects import has_hung_up
from valence_simulator.faults.effects import merge

__all__ = [
    'EXPIRE_SESSION',
    'FAIL_TASK',
    'Fault',
    'Faults',
    'IGNORE',
    'INTRUDE',
    'REMOVE',
    'STRANGER',
    'TASK',
    'has_hung_up',
    'merge',
]


@dataclasses.dataclass
class Fault:
    """A rule: which requests are affected, how, and how often.

    :param path: prefix of the path, or a regular expression for its start.
    :param fault: a name in FAULTS.
    :param value: the parameter of the fault: seconds, a status code, a number
        of bytes, or properties for the response.
    :param method: the HTTP method; None for any.
    :param count: the number of requests to affect; None for no limit.
    :param probability: of affecting a matching request, 0 to 1.
    :param struck: how many requests it has affected.
    :param ended: how many of these have been processed, which happens also
        after their client has gone.
    """

    path: str
    fault: str
    value: object = None
    method: str | None = None
    count: int | None = None
    probability: float = 1.0
    id: str = ''
    struck: int = 0
    ended: int = 0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(
                f'fault: {self.fault!r} is none of {", ".join(FAULTS)}'
            )
        self._pattern = re.compile(self.path)

    def strikes(self, method: str, path: str, draws: random.Random) -> bool:
        """Return whether the fault affects this request; count it."""
        if self.count is not None and self.struck >= self.count:
            return False
        if self.method and self.method.upper() != method:
            return False
        if not (path.startswith(self.path) or self._pattern.match(path)):
            return False
        if draws.random() >= self.probability:
            return False
        self.struck += 1
        return True

    def seconds(self, default: float) -> float:
        return default if self.value is None else float(self.value)


class Faults:
    """The active faults, oldest first.

    :param seed: of what happens with a probability; None: a random one.
    """

    def __init__(self, seed: str | None = None) -> None:
        self._draws = random.Random(seed)  # noqa: S311
        self._faults: dict[str, Fault] = {}
        self._last_id = 0

    def add(self, **options: object) -> Fault:
        """Activate a fault.

        :raises TypeError, ValueError, re.error: if the options are invalid.
        """
        self._last_id += 1
        fault = Fault(**options, id=str(self._last_id))
        self._faults[fault.id] = fault
        return fault

    def remove(self, fault_id: str | None = None) -> bool:
        """Remove a fault, or all; return False if it does not exist."""
        if fault_id is None:
            self._faults.clear()
            return True
        return self._faults.pop(fault_id, None) is not None

    def list(self) -> list[dict]:
        return [dataclasses.asdict(f) for f in self._faults.values()]

    async def serve(
        self, request: web.BaseRequest, handler: Handler
    ) -> web.StreamResponse:
        """Process a request through all faults that affect it."""
        if self._faults:
            for fault in reversed(self._faults.values()):
                if fault.strikes(request.method, request.path, self._draws):
                    handler = _through(fault, handler)
        return await handler(request)


def _through(fault: Fault, handler: Handler) -> Handler:
    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await FAULTS[fault.fault](fault, request, handler)
        finally:
            fault.ended += 1

    return serve
