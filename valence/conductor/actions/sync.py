# SPDX-License-Identifier: Apache-2.0
"""Reading the whole inventory of a pod manager."""

from typing import TypedDict

from oslo_config import cfg

from valence.common import exception
from valence.common import identity
from valence.common import metrics
from valence.conductor import states
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.conductor.inventory import comparison
from valence.conductor.inventory import expected
from valence.conductor.inventory import replacement
from valence.conductor.inventory import store
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware


class ReadResult(TypedDict):
    """What was read.

    :param chassis: how many; ``systems`` and ``nodes`` likewise.
    :param problems: what could not be read.
    """

    chassis: int
    systems: int
    nodes: int
    problems: list[str]


class ReadInventory(Step[ReadResult]):
    """Read everything, and store what is new or has changed."""

    name = 'read_inventory'

    def __init__(self) -> None:
        self._seen = hardware.Inventory()
        self._since = db.now()

    def do(self, run: Run) -> ReadResult:
        self._since = db.now()
        deadline = run.idempotent(cfg.CONF.conductor.sync_timeout)
        try:
            self._seen = run.driver().discover(deadline)
        finally:
            metrics.SYNC_REQUESTS.observe(deadline.budget.requests)
        # The inventory may have been all that one call may receive.
        deadline = run.idempotent(run.request_timeout())
        service_uuid = run.driver().service_uuid(deadline)
        run.ensure_lease()
        _check_service(
            run, identity.identifying_uuid(service_uuid), self._seen
        )
        return {
            'chassis': len(self._seen.chassis),
            'systems': len(self._seen.systems),
            'nodes': len(self._seen.nodes),
            'problems': self._seen.problems[:100],
        }

    def record(self, tx: db.Transaction, run: Run, result: ReadResult) -> None:
        store.write(tx, run.target, self._seen, since=self._since)
        podm = tx.list(models.PodManager, uuid=run.target).one()
        comparison.write(tx, podm, self._seen, self._since)
        problems = self._seen.problems
        complete = not (problems or self._seen.unread)
        expected.write(tx, podm.uuid, complete, self._since)
        error = '; '.join(problems[:3])[:900]
        if len(problems) > 3:
            error += f'; and {len(problems) - 3} more'
        tx.update(
            models.PodManager,
            {'synced_at': self._since, 'sync_error': error or None},
            uuid=run.target,
        )


def _check_service(
    run: Run, service_uuid: str | None, seen: hardware.Inventory
) -> None:
    """Check that it is the service of the pod manager that was read.

    :raises ServiceReplaced: when it may be another one.
    """
    podm = db.get(models.PodManager, uuid=run.target)
    if podm is None:
        return
    if service_uuid is None or not replacement.is_other(podm, service_uuid):
        run.commit({}, lambda tx: replacement.resume(tx, podm))
        return
    known = replacement.compare(podm.uuid, seen)
    if known == replacement.SAME:
        run.commit(
            {}, lambda tx: replacement.accept_same(tx, podm, service_uuid)
        )
        return
    run.commit(
        {}, lambda tx: replacement.suspend(tx, podm, service_uuid, known)
    )
    raise exception.ServiceReplaced(
        reason=replacement.reason(podm, service_uuid)
    )


class Sync(Action):
    """Bring the stored inventory of a pod manager up to date."""

    name = 'sync'
    reads_only = True
    steps = (ReadInventory,)
    long = True

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        # Of the periodic syncs only the last one is kept.
        tx.delete(
            models.Operation,
            models.Operation.uuid != run.operation.uuid,
            action=self.name,
            target_uuid=run.target,
            request_id=None,
            state=('succeeded', 'failed'),
        )

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        if error != states.CANCELLED:
            tx.update(
                models.PodManager,
                {'sync_error': error.message[:1024]},
                uuid=run.target,
            )
