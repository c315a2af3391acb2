# SPDX-License-Identifier: Apache-2.0
"""Releasing a node in any state."""

from typing import TypedDict

from oslo_config import cfg
from oslo_log import log

from valence import quota
from valence.common import exception
from valence.common.types import JsonObject
from valence.conductor import requests
from valence.conductor import states
from valence.conductor.actions import enrollment
from valence.conductor.actions import guard
from valence.conductor.actions import outcome
from valence.conductor.actions import steps
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import AnyStep
from valence.conductor.engine.model import NoResult
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.conductor.inventory import findings
from valence.db import allocations
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.objects.node import CHANGED_HARDWARE
from valence.podmanagers import base
from valence.podmanagers.progress import InProgress

LOG = log.getLogger(__name__)

_POLL_SECONDS = 0.5


class Params(TypedDict, total=False):
    """The parameters of the operation.

    :param unregister: whether to remove it from its provisioner first.
    :param force: whether to do that even if it is in use there.
    """

    unregister: bool
    force: bool


class WaitForOperations(Step[NoResult]):
    """Wait for the end of other operations on the node; they are cancelled."""

    name = 'wait_for_operations'

    def do(self, run: Run) -> NoResult:
        with db.reader() as tx:
            pending = requests.open_operations(tx, run.target)
            node = tx.get(models.Node, uuid=run.target)
        if len(pending) > 1:
            raise InProgress(_POLL_SECONDS)
        if node is not None and node.managed_by is not None:
            # It may have been registered after its release was requested.
            if not run.params(Params).get('unregister'):
                raise requests.managed(node)
        return {}

    def record(self, tx: db.Transaction, run: Run, result: NoResult) -> None:
        states.move_node(tx, run.target, 'releasing')
        node = tx.list(models.Node, uuid=run.target).one()
        # The other operation may have chosen a pod manager.
        tx.update(
            models.Operation,
            {'podm_uuid': node.podm_uuid},
            uuid=run.operation.uuid,
        )


class DecomposeResult(TypedDict, total=False):
    """Empty if the node never existed on a pod manager.

    :param uri: the URI that the node had; empty if it is not known any more.
    :param erased: whether all storage of the node is known to be erased.
    """

    uri: str
    erased: bool


class Decompose(Step[DecomposeResult]):
    """Have the pod manager decompose the node.

    A node that no longer exists there is decomposed already.
    """

    name = 'decompose'

    def do(self, run: Run) -> DecomposeResult:
        node = db.get(models.Node, uuid=run.target)
        if node is None or node.podm_uuid is None:
            return {}
        uri = node.resource_uri
        with db.reader() as tx:
            if uri is None and not requests.was_sent(tx, node.uuid):
                return {}
        if uri and '#' not in uri:
            try:
                guard.owned(run)
            except exception.ResourceGone:
                # The driver finds out whether it was erased.
                LOG.info('Node %s is gone already', node.uuid)
        uri = uri or _find_uri(run, node, run.driver())
        if not uri:
            outcome.check_free(run)
            # A node that was complete once has stored data somewhere.
            return {'uri': '', 'erased': False} if node.baseline else {}
        erase = not cfg.CONF.conductor.reuse_unerased
        return {'uri': uri, 'erased': outcome.release(run, uri, erase)}

    def undo(self, run: Run, result: DecomposeResult | None) -> None:
        outcome.cancel(run)


def _find_uri(run: Run, node: models.Node, driver: base.Driver) -> str | None:
    """The URI of a node that was composed, but whose URI was not stored.

    :raises NotOurs: when what has its parts may be another's.
    """
    system, *devices = allocations.allocated_uris(node.uuid) or ['']
    found = driver.find_composed(
        base.ComposeRequest(
            installation.mark(node.uuid),
            node.name,
            node.properties,
            system,
            tuple(devices),
        ),
        run.idempotent(cfg.CONF.conductor.sync_timeout),
    )
    return guard.made(run, found) if found else None


class Release(Action):
    """Release a node: decompose it, free its parts, and delete its row."""

    name = 'release'
    steps = (WaitForOperations, Decompose, steps.Refresh)
    long = True
    reversible = False

    def plan(self, params: JsonObject) -> tuple[type[AnyStep], ...]:
        if not params.get('unregister'):
            return self.steps
        return (self.steps[0], enrollment.UnregisterOwn, *self.steps[1:])

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        decomposed = run.result(Decompose)
        if decomposed:
            allocations.release_resources(tx, run.target, decomposed['erased'])
        else:
            # It never existed: its parts hold no data of the project.
            allocations.deallocate(tx, run.target)
        findings.resolve_node(tx, run.target)
        quota.delete_node(tx, run.target)

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        node = tx.get(models.Node, uuid=run.target)
        begun = any(row.name == Decompose.name for row in run.journal)
        fault = node.fault if node else None
        kept = fault if fault == CHANGED_HARDWARE else None
        if node is None or not node.resource_uri or begun or kept:
            states.fail_node(tx, run.target, error, fault=kept)
            return
        cancelled = error == states.CANCELLED
        states.move_node(
            tx,
            run.target,
            'active',
            last_error=None if cancelled else error,
            fault=None,
        )
