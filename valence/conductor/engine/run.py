# SPDX-License-Identifier: Apache-2.0
"""An operation that this conductor has claimed, and its transactions."""

import functools
import operator
from collections.abc import Callable
from collections.abc import Mapping
from typing import TypeVar
from typing import cast

from valence.common import context
from valence.common import exception
from valence.conductor import membership
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import AnyStep
from valence.conductor.engine.model import R
from valence.conductor.engine.model import Step
from valence.conductor.inventory import replacement
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress

# The parameters of an action: a TypedDict, because they are stored as JSON.
P = TypeVar('P')
Write = Callable[[db.Transaction], object]


class ClaimLost(Exception):
    """Another conductor has claimed the operation by now."""


class LeaseExpired(Exception):
    """Nothing may be begun before the conductor's lease is renewed."""


class Run:
    """One operation that this conductor has claimed."""

    def __init__(
        self,
        operation: models.Operation,
        journal: list[models.OperationStep],
        lease: membership.Lease,
        drivers: loader.Pool,
        actions: dict[str, Action],
    ) -> None:
        self.operation = operation
        self.journal = journal
        self.lease = lease
        self.drivers = drivers
        self.action = actions[operation.action]
        # The registration of this conductor under which it was claimed.
        self._conductor = operation.conductor
        # Whether the lease had expired when something was to be begun.
        self._lease_missed = False
        self._abandoned = False
        # How long a request may take, by UUID of the pod manager.
        self._timeouts: dict[str | None, float] = {}

    @functools.cached_property
    def steps(self) -> list[AnyStep]:
        """The steps of the action, in order."""
        return [step() for step in self.action.plan(self.operation.params)]

    @property
    def target(self) -> str:
        """The UUID of the resource that the operation changes."""
        return self.operation.target_uuid

    @property
    def podm_uuid(self) -> str:
        """The UUID of the operation's pod manager.

        :raises ResourceGone: when none has been chosen.
        """
        if self.operation.podm_uuid is None:
            raise exception.ResourceGone(uri='the pod manager')
        return self.operation.podm_uuid

    def params(self, kind: type[P]) -> P:
        """The parameters of the operation, as the type of its action."""
        return cast(P, self.operation.params)

    def requester(self) -> context.RequestContext | None:
        """Who requested the operation, for others that follow from it.

        :returns: None: Valence itself.
        """
        if self.operation.request_id is None:
            return None
        return context.RequestContext(
            user_id=self.operation.user_id,
            request_id=self.operation.request_id,
            global_request_id=self.operation.global_request_id,
        )

    def result(self, step: type[Step[R]]) -> R:
        """The result of an earlier step.

        :raises LookupError: when it was not done.
        """
        for row in self.journal:
            if row.name == step.name and row.state == 'done':
                return cast(R, row.result)
        raise LookupError(step.name)

    def step(self, row: models.OperationStep) -> AnyStep:
        """The step that a row of the journal belongs to."""
        return next(step for step in self.steps if step.name == row.name)

    def not_undone(self) -> list[models.OperationStep]:
        """The rows of the journal without those that were undone."""
        return [row for row in self.journal if row.state != 'undone']

    def driver(self, podm_uuid: str | None = None) -> base.Driver:
        """The driver of the operation's pod manager.

        :raises ResourceGone: when the pod manager was removed.
        :raises PodManagerUnavailable: when its driver is not known yet.
        :raises ServiceReplaced: when it is another service now, which may
            only be read.
        """
        uuid = podm_uuid or self.operation.podm_uuid
        with db.reader() as tx:
            podm = tx.get(models.PodManager, uuid=uuid)
            if podm is None:
                raise exception.ResourceGone(uri=f'the pod manager {uuid}')
            if podm.driver is None:
                raise exception.PodManagerUnavailable(
                    reason=podm.status_reason
                )
            if not self.action.reads_only:
                replacement.check(tx, podm.uuid)
        driver = self.drivers.get(podm)
        self._timeouts[uuid] = driver.connection.request_timeout
        return driver

    def request_timeout(self) -> float:
        """How many seconds a request to the pod manager may take.

        :raises: what :meth:`driver` does.
        """
        uuid = self.operation.podm_uuid
        if uuid not in self._timeouts:
            self.driver()
        return self._timeouts[uuid]

    def progress(self) -> Progress:
        """What the driver has recorded of the current step; see there.

        A later call of the step finds it in the journal, in whichever process
        that happens.
        """
        row = self.not_undone()[-1]
        age = (db.now() - row.created_at).total_seconds()
        return Progress(row.intent.get('progress'), self._save_progress, age)

    def _save_progress(self, facts: dict[str, str]) -> None:
        row = self.not_undone()[-1]
        intent = {**row.intent, 'progress': facts}
        self.commit(
            {},
            lambda tx: tx.update(
                models.OperationStep, {'intent': intent}, uuid=row.uuid
            ),
        )

    def record_intent(self, name: str, value: object) -> None:
        """Store a fact about the current step before it is done, once."""
        row = self.not_undone()[-1]
        if name in row.intent:
            return
        intent = {**row.intent, name: value}
        self.commit(
            {},
            lambda tx: tx.update(
                models.OperationStep, {'intent': intent}, uuid=row.uuid
            ),
        )

    def intent(self, step: type[AnyStep], name: str) -> object:
        """What was stored of a step before it was done; None if nothing."""
        for row in self.not_undone():
            if row.name == step.name:
                return row.intent.get(name)
        return None

    def lease_valid(self) -> bool:
        """Whether no other conductor can be running the operation.

        A conductor that was suspended, or could not reach the database, for
        longer than its lease does not touch the hardware any more.
        """
        if self.lease.left(self._conductor) > 0 and not self._abandoned:
            return True
        self._lease_missed = True
        return False

    def abandon(self) -> None:
        """Begin nothing more: the claim is not in the database any more."""
        self._abandoned = True

    def ensure_lease(self) -> None:
        """Check that nothing was skipped because the lease had expired.

        :raises LeaseExpired: when something was, so that results may be
            incomplete; and when the lease has expired now.
        :raises ClaimLost: when the operation was abandoned.
        """
        if self._abandoned:
            raise ClaimLost(self.operation.uuid)
        if not self.lease_valid() or self._lease_missed:
            raise LeaseExpired

    def resume(self) -> None:
        """Read the operation again after an interruption.

        :raises ClaimLost: when another conductor requeued it.
        """
        self._lease_missed = False
        self.commit({})

    def idempotent(self, seconds: float) -> Deadline:
        """The deadline of a request that may be sent twice.

        It is not sent without a lease, but the response may arrive later.
        """
        return Deadline(seconds, self.lease_valid)

    def non_idempotent(self, seconds: float) -> Deadline:
        """The deadline of a request that must not be sent twice.

        It ends before the lease does.
        """
        if self.lease.left(self._conductor) < seconds:
            self.lease.renew()
        left = self.lease.left(self._conductor)
        return Deadline(min(left, seconds), self.lease_valid)

    def commit(self, values: Mapping[str, object], *writes: Write) -> None:
        """Change the operation, and what depends on it, in one transaction.

        :param values: new values of the operation's columns.
        :param writes: called with the transaction.
        :raises ClaimLost: when another conductor has claimed the operation.
        """
        self.operation, self.journal = _commit(self.operation, values, writes)


@db.transaction
def _commit(
    tx: db.Transaction,
    operation: models.Operation,
    values: Mapping[str, object],
    writes: tuple[Write, ...],
) -> tuple[models.Operation, list[models.OperationStep]]:
    if not tx.update(
        models.Operation,
        values,
        uuid=operation.uuid,
        claim=operation.claim,
    ):
        raise ClaimLost(operation.uuid)
    for write in writes:
        write(tx)
    return load(tx, operation.uuid)


def load(
    tx: db.Transaction, uuid: str
) -> tuple[models.Operation, list[models.OperationStep]]:
    """An operation and its journal."""
    journal = tx.list(models.OperationStep, operation_uuid=uuid)
    return (
        tx.list(models.Operation, uuid=uuid).one(),
        sorted(journal, key=operator.attrgetter('n')),
    )
