# SPDX-License-Identifier: Apache-2.0
"""An operation in the hands of this conductor, and its transactions."""

from collections.abc import Callable
from typing import Any

from valence.common import exception
from valence.conductor import membership
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader

Write = Callable[[db.Transaction], Any]


class Fenced(Exception):
    """The claim is lost: another conductor works on the operation now."""


class Lapsed(Exception):
    """The lease is over: nothing may be begun before it is renewed."""


class Run:
    """One operation in the hands of this conductor."""

    def __init__(
        self,
        operation: models.Operation,
        journal: list[models.OperationStep],
        own_lease: membership.Lease,
        drivers: loader.Pool,
        actions: dict[str, Action],
    ) -> None:
        self.operation = operation
        self.conductor = operation.conductor
        self.lease = own_lease
        # Whether it was worked on before, and may not be as it was read.
        self.begun = False
        # Whether something was not begun because the lease was over.
        self.lapsed = False
        self.drivers = drivers
        self.action = actions[operation.action]
        self.steps = [step() for step in self.action.plan(operation.params)]
        self.journal = journal

    @property
    def target(self) -> str:
        """The UUID of what is changed."""
        return self.operation.target_uuid

    @property
    def podm_uuid(self) -> str:
        """The UUID of the operation's pod manager.

        :raises ResourceGone: when none has been chosen.
        """
        if self.operation.podm_uuid is None:
            raise exception.ResourceGone(uri='the pod manager')
        return self.operation.podm_uuid

    def result(self, name: str) -> dict[str, Any]:
        """What came of an earlier step."""
        for row in self.journal:
            if row.name == name and row.state == 'done':
                return row.result or {}
        return {}

    def step(self, row: models.OperationStep) -> Step:
        """The step that a line of the journal is about."""
        return next(step for step in self.steps if step.name == row.name)

    def driver(self, podm_uuid: str | None = None) -> base.Driver:
        """The driver of the operation's pod manager.

        :raises ResourceGone: when the pod manager is not registered any more.
        :raises PodManagerUnavailable: when its kind is not known yet.
        """
        uuid = podm_uuid or self.operation.podm_uuid
        podm = db.get(models.PodManager, uuid=uuid)
        if podm is None:
            raise exception.ResourceGone(uri=f'the pod manager {uuid}')
        if podm.driver is None:
            raise exception.PodManagerUnavailable(reason=podm.status_reason)
        return self.drivers.get(podm)

    def holds(self) -> bool:
        """Whether nobody else can be at work on the operation.

        Who slept, or could not reach the database, for so long that others
        went on does not touch the hardware any more.
        """
        if self.lease.left(self.conductor) > 0:
            return True
        self.lapsed = True
        return False

    def check(self) -> None:
        """See that nothing was left out for want of a lease.

        :raises Lapsed: when something was: what was found says nothing.
        """
        if not self.holds() or self.lapsed:
            raise Lapsed

    def repeatable(self, seconds: float) -> base.Deadline:
        """The deadline of a request that may be sent twice.

        It is not sent without a lease, but may be waited for longer.
        """
        return base.Deadline(seconds, self.holds)

    def once(self, seconds: float) -> base.Deadline:
        """The deadline of a request that must not be sent twice.

        It ends before anybody could take this conductor for dead.
        """
        if self.lease.left(self.conductor) < seconds:
            self.lease.renew()
        left = self.lease.left(self.conductor)
        return base.Deadline(min(left, seconds), self.holds)

    def commit(self, values: dict[str, Any], *writes: Write) -> None:
        """Change the operation, and what goes with it, if it is still ours.

        :raises Fenced: when it is not.
        """
        self.operation, self.journal = _commit(self.operation, values, writes)

    def live(self) -> list[models.OperationStep]:
        """The journal without what was undone."""
        return [row for row in self.journal if row.state != 'undone']


@db.transaction
def _commit(
    tx: db.Transaction,
    operation: models.Operation,
    values: dict[str, Any],
    writes: tuple[Write, ...],
) -> tuple[models.Operation, list[models.OperationStep]]:
    if not tx.update(
        models.Operation,
        values,
        uuid=operation.uuid,
        claim=operation.claim,
    ):
        raise Fenced(operation.uuid)
    for write in writes:
        write(tx)
    return load(tx, operation.uuid)


def load(
    tx: db.Transaction, uuid: str
) -> tuple[models.Operation, list[models.OperationStep]]:
    """An operation and its journal."""
    journal = tx.list(
        models.OperationStep,
        order=[models.OperationStep.n],
        operation_uuid=uuid,
    ).all()
    return tx.list(models.Operation, uuid=uuid).one(), list(journal)
