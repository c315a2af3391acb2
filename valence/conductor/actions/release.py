# SPDX-License-Identifier: Apache-2.0
"""Releasing: give a node's hardware back, whatever state the node is in."""

from typing import Any

from oslo_config import cfg

from valence.common import exception
from valence.conductor import requests
from valence.conductor import states
from valence.conductor.actions import enrollment
from valence.conductor.actions import steps
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base

_PAUSE = 0.5


class Settle(Step):
    """Let what is under way on the node come to its end: it is cancelled."""

    name = 'settle'

    def do(self, run: Run) -> dict[str, Any]:
        with db.reader() as tx:
            pending = requests.open_operations(tx, run.target)
            node = tx.get(models.Node, uuid=run.target)
        if len(pending) > 1:
            raise base.InProgress(_PAUSE)
        if node is not None and node.managed_by is not None:
            # It may have been handed over while its release was asked for.
            if not run.operation.params.get('unregister'):
                raise requests.managed(node)
        return {}

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        states.move_node(tx, run.target, 'releasing')
        node = tx.list(models.Node, uuid=run.target).one()
        # The operation that came to its end may have chosen a pod manager.
        tx.update(
            models.Operation,
            {'podm_uuid': node.podm_uuid},
            uuid=run.operation.uuid,
        )


class TakeApart(Step):
    """Have the pod manager take the node apart. 'Gone already' is well."""

    name = 'take apart'

    def do(self, run: Run) -> dict[str, Any]:
        node = db.get(models.Node, uuid=run.target)
        if node is None or node.podm_uuid is None:
            return {}
        driver = run.driver()
        deadline = run.idempotent(cfg.CONF.redfish.release_timeout)
        uri = node.resource_uri or self._lost(run, node, driver)
        if not uri:
            return {}
        erase = not cfg.CONF.conductor.reuse_unerased
        return {
            'uri': uri,
            'erased': driver.release(
                uri, deadline, run.progress(), erase=erase
            ),
        }

    @staticmethod
    def _lost(run: Run, node: Any, driver: Any) -> str | None:
        """The URI of a node that was composed, but not written down.

        Where a node bears no name of ours, what it claimed tells it.
        """
        system, *devices = allocations.allocated_uris(node.uuid) or ['']
        found = driver.find_composed(
            base.ComposeRequest(
                node.uuid, node.name, node.properties, system, tuple(devices)
            ),
            run.idempotent(cfg.CONF.conductor.sync_timeout),
        )
        return found.uri if found else None


class Release(Action):
    """A node gives its hardware back and is gone."""

    name = 'release'
    steps = (Settle, TakeApart, steps.Refresh)
    long = True

    def plan(self, params: dict[str, Any]) -> tuple[type[Step], ...]:
        if not params.get('unregister'):
            return self.steps
        return (Settle, enrollment.Withdraw, *self.steps[1:])

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        done = run.result(TakeApart.name)
        if done:
            allocations.release_resources(tx, run.target, done['erased'])
        else:
            # Nothing was ever made of it.
            allocations.deallocate(tx, run.target)
        tx.delete(models.Node, uuid=run.target)

    def failed(
        self,
        tx: db.Transaction,
        run: Run,
        error: exception.ErrorText,
    ) -> None:
        node = tx.get(models.Node, uuid=run.target)
        begun = any(row.name == TakeApart.name for row in run.journal)
        if node is None or not node.resource_uri or begun:
            states.fail_node(tx, run.target, error)
            return
        cancelled = error == states.CANCELLED
        states.move_node(
            tx,
            run.target,
            'active',
            **(states.NO_ERROR if cancelled else error.columns('last_error')),
        )
