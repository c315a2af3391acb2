# SPDX-License-Identifier: Apache-2.0
"""What an operation is made of: an action, which is a sequence of steps."""

import math
from typing import TYPE_CHECKING
from typing import Any
from typing import ClassVar

from oslo_config import cfg

from valence.common import exception
from valence.db import api as db

if TYPE_CHECKING:
    from valence.conductor.engine.run import Run


class TryNext(exception.ValenceException):
    """This place will not do: undo, and try the next one.

    :param refusal: what to keep in mind when choosing again.
    """

    def __init__(self, **refusal: Any) -> None:
        self.refusal = refusal
        super().__init__(str(refusal.get('reason')))


class Step:
    """One step of an action; a subclass overrides what it needs."""

    name: ClassVar[str]

    def patience(self, run: 'Run') -> float:
        """For how many seconds in all it may raise InProgress."""
        if run.action.long:
            return math.inf
        return float(cfg.CONF.conductor.compose_timeout)

    def find(self, run: 'Run') -> dict[str, Any] | None:
        """The result, if the step was done before a crash."""
        return None

    def do(self, run: 'Run') -> dict[str, Any]:
        """Do it; returns the result that goes into the journal.

        :raises InProgress: to be called again later.
        :raises TryNext: to undo everything and start over.
        """
        return {}

    def record(
        self, tx: db.Transaction, run: 'Run', result: dict[str, Any]
    ) -> None:
        """Store the consequences, together with the journal."""

    def undo(self, run: 'Run', result: dict[str, Any] | None) -> None:
        """Take it back; without a result it may or may not have been done."""

    def unrecord(
        self, tx: db.Transaction, run: 'Run', result: dict[str, Any] | None
    ) -> None:
        """Take the consequences back, together with the journal."""


class Action:
    """What an operation is there for."""

    name: ClassVar[str]
    steps: ClassVar[tuple[type[Step], ...]]
    # Whether a step may hold a worker for many minutes.
    long: ClassVar[bool] = False

    def plan(self, params: dict[str, Any]) -> tuple[type[Step], ...]:
        """The steps of an operation with these parameters."""
        return self.steps

    def succeeded(self, tx: db.Transaction, run: 'Run') -> None:
        """Store that all is well."""

    def failed(
        self, tx: db.Transaction, run: 'Run', error: exception.Told
    ) -> None:
        """Store that it came to nothing: failed, or cancelled."""
