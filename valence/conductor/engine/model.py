# SPDX-License-Identifier: Apache-2.0
"""What an operation consists of: an action, which is a sequence of steps."""

from typing import TYPE_CHECKING
from typing import Any
from typing import ClassVar
from typing import Generic
from typing import TypedDict
from typing import TypeVar

from oslo_config import cfg

from valence.common import exception
from valence.common.types import ExcludedSystem
from valence.common.types import JsonObject
from valence.db import api as db

if TYPE_CHECKING:
    from valence.conductor.engine.run import Run

# The result of a step: a TypedDict, because the journal stores it as JSON.
R = TypeVar('R')


class NoResult(TypedDict):
    """The result of a step that has nothing to report."""


class TryNext(Exception):
    """What was chosen does not work: undo all steps, and choose again.

    :param excluded: what was chosen; it is not chosen again.
    """

    def __init__(self, excluded: ExcludedSystem) -> None:
        self.excluded = excluded
        super().__init__(excluded['reason'])


class Step(Generic[R]):
    """One step of an action; a subclass overrides what it needs."""

    name: ClassVar[str]

    def timeout(self, run: 'Run') -> float:
        """For how many seconds in all it may raise ``InProgress``.

        Its undo may do so for as long.
        """
        if run.action.long:
            return float(cfg.CONF.conductor.long_timeout)
        return float(cfg.CONF.conductor.compose_timeout)

    def find(self, run: 'Run') -> R | None:
        """The result, if the step was done before a crash."""
        return None

    def do(self, run: 'Run') -> R:
        """Do the step; the result is stored in the journal.

        :raises InProgress: to be called again later.
        :raises TryNext: to undo all steps and start over.
        """
        raise NotImplementedError

    def failed(self, run: 'Run', exc: Exception) -> TryNext | None:
        """What to do when the step has finally failed.

        :returns: None: to undo all steps, and fail.
        """
        return None

    def record(self, tx: db.Transaction, run: 'Run', result: R) -> None:
        """Store the consequences, in the transaction of the journal."""

    def undo(self, run: 'Run', result: R | None) -> None:
        """Revert the step.

        :param result: its result; None: it may or may not have been done.
        """

    def unrecord(
        self, tx: db.Transaction, run: 'Run', result: R | None
    ) -> None:
        """Revert the consequences, in the transaction of the journal."""


# A step with any result.
AnyStep = Step[Any]


class Action:
    """What an operation does to its target."""

    name: ClassVar[str]
    steps: ClassVar[tuple[type[AnyStep], ...]]
    # Whether a step may occupy a worker for many minutes.
    long: ClassVar[bool] = False
    # Whether it changes nothing on a pod manager.
    reads_only: ClassVar[bool] = False
    # Whether it can still be cancelled when its last step is recorded.
    reversible: ClassVar[bool] = True

    def plan(self, params: JsonObject) -> tuple[type[AnyStep], ...]:
        """The steps of an operation with these parameters."""
        return self.steps

    def refused(
        self, tx: db.Transaction, run: 'Run', excluded: ExcludedSystem
    ) -> None:
        """Store that what was chosen does not work."""

    def succeeded(self, tx: db.Transaction, run: 'Run') -> None:
        """Store the success on the target."""

    def failed(
        self, tx: db.Transaction, run: 'Run', error: exception.ErrorText
    ) -> None:
        """Store on the target that the operation failed or was cancelled."""
