# SPDX-License-Identifier: Apache-2.0
"""How operations end.

An operation that cannot go on ends as failed with its reason, and gives up its
claim, its lock and its place. If it cannot be undone either, its error names
the steps that were not, and a finding shows what they may have left.
"""

from collections.abc import Callable

from oslo_log import log

from valence import leases
from valence.common import exception
from valence.conductor import states
from valence.conductor.engine import report
from valence.conductor.engine.model import TryNext
from valence.conductor.engine.run import ClaimLost
from valence.conductor.engine.run import Run
from valence.conductor.engine.run import Write
from valence.conductor.events.pending import enqueue_refresh
from valence.conductor.inventory import findings
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers.node_uri import NodeUri
from valence.podmanagers.progress import InProgress

LOG = log.getLogger(__name__)


def error_text(exc: BaseException) -> exception.ErrorText:
    """What is stored of an exception."""
    if isinstance(exc, exception.ValenceException):
        return exc.error_text()
    # The reasons of both may contain text of a pod manager.
    if isinstance(exc, InProgress):
        hidden = str(exception.StepTimedOut.user_message)
        return exception.ErrorText(exc.reason, hidden)
    if isinstance(exc, TryNext):
        hidden = str(exception.PodManagerError.user_message)
        return exception.ErrorText(str(exc), hidden)
    LOG.error('An operation met an unexpected failure', exc_info=exc)
    text = f'internal error: {type(exc).__name__}'
    return exception.ErrorText(text, text)


def stored_error(run: Run) -> exception.ErrorText | None:
    """The error that made the operation undo its steps, if any did."""
    operation = run.operation
    if operation.error is None:
        return None
    return exception.ErrorText(operation.error, operation.user_error or '')


def finish(run: Run, state: str, *writes: Write, **values: object) -> None:
    """End an operation.

    :param writes: called in the same transaction.
    :param values: new values of other columns.
    """
    if state == 'succeeded':
        values['progress'] = 100
    run.commit(
        {
            'state': state,
            'claim': None,
            'conductor': None,
            'lock_key': None,
            'run_after': None,
            'finished_at': db.now(),
            **values,
        },
        *writes,
        lambda tx: leases.follow(tx, run.operation),
    )
    report.ended(run.operation)
    if state != 'succeeded' and run.journal:
        _look_again(run)


def _look_again(run: Run) -> None:
    """Have read what an operation may have changed although it failed."""
    podm_uuid = run.operation.podm_uuid
    if run.operation.target_type != 'nodes' or podm_uuid is None:
        return
    node = db.get(models.Node, uuid=run.target)
    if node is None or not node.resource_uri:
        return
    uri = NodeUri.parse(node.resource_uri).uri
    parts = allocations.allocated_uris(run.target)
    enqueue_refresh(podm_uuid, base.Change((uri, *parts)))


def give_up(
    run: Run,
    exc: BaseException,
    again: Callable[[Exception], bool] = lambda exc: False,
) -> None:
    """End an operation that cannot be undone.

    It ends even if its target or the findings cannot be stored.

    :param again: called with what prevents the end; whether the operation was
        requeued because of it.
    :raises ClaimLost: when another conductor has claimed it.
    """
    error = error_text(exc).while_undoing(stored_error(run))
    names = [row.name for row in run.not_undone()]
    if names:
        left = f'; not undone: {", ".join(names)}'
        error = exception.ErrorText(*(f'{text}{left}' for text in error))
    attempts = _ends(run, names, error)
    while True:
        try:
            finish(run, 'failed', *attempts.pop(0), error=error)
        except ClaimLost:
            raise
        except BaseException as last:
            if isinstance(last, Exception) and again(last):
                return
            if not attempts:
                raise
            error = error_text(last).while_undoing(error)
        else:
            return


def _ends(
    run: Run, names: list[str], error: exception.ErrorText
) -> list[tuple[Write, ...]]:
    """What to store with the end of an operation, the best first.

    :param names: of the steps that were not undone.
    """

    def record_incomplete(tx: db.Transaction) -> None:
        run.action.failed(tx, run, error)

    def fail(tx: db.Transaction) -> None:
        if run.operation.target_type == 'nodes':
            states.fail_node(tx, run.target, error)

    def report(tx: db.Transaction) -> None:
        _report(tx, run, names, error)

    return [
        (record_incomplete, report),
        (fail, report),
        (fail,),
        (report,),
        (),
    ]


def _report(
    tx: db.Transaction,
    run: Run,
    names: list[str],
    error: exception.ErrorText,
) -> None:
    """Open a finding of what the steps that were not undone have left.

    :param names: of these steps.
    """
    if not names:
        return
    operation = run.operation
    node = tx.get(models.Node, uuid=run.target)
    podm = tx.get(models.PodManager, uuid=operation.podm_uuid)
    uri = node.resource_uri if node else None
    findings.open_finding(
        tx,
        podm.uuid if podm else None,
        findings.Found(
            'not_undone',
            run.target,
            f'Operation {operation.uuid} ({operation.action}) could not be '
            f'undone and may have left something: {error.message}',
            resource_uri=uri,
            node_uuid=node.uuid if node else None,
            name=node.name if node else None,
            project_id=operation.project_id,
            details={
                'operation': operation.uuid,
                'steps': names,
                'parts': _parts(tx, run.target),
            },
        ),
        tx.now(),
    )


def _parts(tx: db.Transaction, node_uuid: str) -> list[str]:
    """The URIs of the hardware that is allocated to a node."""
    return [
        row.resource_uri
        for model in (models.System, models.Device)
        for row in tx.list(model, only=('resource_uri',), node_uuid=node_uuid)
    ]
