# SPDX-License-Identifier: Apache-2.0
"""Removing a pod manager together with its nodes."""

from typing import Any

from valence.common import exception
from valence.conductor import requests
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base

_PAUSE = 1.0


class ReleaseNodes(Step):
    """Ask for the release of every node."""

    name = 'release nodes'

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        for node in tx.list(models.Node, podm_uuid=run.target).all():
            pending = requests.open_operations(tx, node.uuid)
            if not any(row.action == 'release' for row in pending):
                requests.request_release(
                    tx,
                    None,
                    node,
                    unregister=run.operation.params.get('unregister', False),
                )


class Wait(Step):
    """Wait until the nodes are gone.

    A pod manager that is gone for good can be given up by force: its nodes are
    forgotten, and the journal keeps what was left behind on it.
    """

    name = 'wait'

    def do(self, run: Run) -> dict[str, Any]:
        with db.reader() as tx:
            podm = tx.get(models.PodManager, uuid=run.target)
            nodes = tx.list(models.Node, podm_uuid=run.target).all()
            stuck = [
                node
                for node in nodes
                if not requests.open_operations(tx, node.uuid)
            ]
        force = run.operation.params.get('force')
        if force and (podm is None or podm.status == 'offline'):
            stuck = list(nodes)
        if stuck and not force:
            raise exception.Conflict(
                'Not every node could be released: '
                + '; '.join(
                    f'{node.name} ({node.uuid}): {node.last_error}'
                    for node in stuck[:10]
                )
            )
        if len(nodes) > len(stuck):
            raise base.InProgress(_PAUSE)
        return {
            'left behind': [
                {
                    'node': node.uuid,
                    'name': node.name,
                    'resource_uri': node.resource_uri,
                    'managed_by': node.managed_by,
                }
                for node in stuck
            ]
        }

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        uuids = [left['node'] for left in result['left behind']]
        for uuid in uuids:
            for operation in requests.open_operations(tx, uuid):
                requests.cancel(tx, operation)
            allocations.delete(tx, node_uuid=uuid)
            tx.delete(models.Node, uuid=uuid)


class Delete(Action):
    """A pod manager and all its nodes are gone."""

    name = 'delete'
    steps = (ReleaseNodes, Wait)
    long = True

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        for operation in requests.open_operations(tx, run.target):
            if operation.uuid != run.operation.uuid:
                requests.cancel(tx, operation)
        podm = tx.get(models.PodManager, uuid=run.target)
        if podm is not None:
            requests.request_unsubscribe(tx, None, podm)
        tx.delete(models.PodManager, uuid=run.target)

    def failed(
        self,
        tx: db.Transaction,
        run: Run,
        error: exception.ErrorText,
    ) -> None:
        tx.update(models.PodManager, {'deleting_at': None}, uuid=run.target)
