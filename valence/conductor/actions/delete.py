# SPDX-License-Identifier: Apache-2.0
"""Deleting a pod manager together with its nodes."""

from typing import TypedDict

from oslo_config import cfg

from valence import holds
from valence.common import exception
from valence.conductor import abandon
from valence.conductor import requests
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import NoResult
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.objects.condition import NO_RELEASE
from valence.podmanagers.progress import InProgress

_POLL_SECONDS = 1.0


class Params(TypedDict, total=False):
    """The parameters of the operation.

    :param unregister: whether to remove nodes from their provisioner first.
    :param force: whether to delete nodes that cannot be released.
    """

    unregister: bool
    force: bool


class ReleaseNodes(Step[NoResult]):
    """Request the release of every node."""

    name = 'release_nodes'

    def do(self, run: Run) -> NoResult:
        with db.reader() as tx:
            podm = tx.list(models.PodManager, uuid=run.target).one()
            held = conditions.on_podm(tx, podm).first(NO_RELEASE)
        if held is not None and not run.params(Params).get('force'):
            raise exception.Conflict(
                f'A condition ({held.code}) of {held.subject_name} rules the '
                f'release of nodes out: {held.message}'
            )
        return {}

    def record(self, tx: db.Transaction, run: Run, result: NoResult) -> None:
        unregister = run.params(Params).get('unregister', False)
        for node in tx.list(models.Node, podm_uuid=run.target).all():
            pending = requests.open_operations(tx, node.uuid)
            if not any(row.action == 'release' for row in pending):
                requests.request_release(tx, run.requester(), node, unregister)


class LeftBehind(TypedDict):
    """A node that was deleted without being released."""

    node: str
    name: str
    resource_uri: str | None
    managed_by: str | None


class WaitResult(TypedDict):
    """:param left_behind: the nodes that may still exist on the hardware."""

    left_behind: list[LeftBehind]


class WaitForNodes(Step[WaitResult]):
    """Wait until the nodes are released.

    With ``force``, nodes that are not released in time are deleted from the
    database; the result lists them.
    """

    name = 'wait_for_nodes'

    def timeout(self, run: Run) -> float:
        # As long as the releases that it waits for.
        return float(cfg.CONF.conductor.long_timeout)

    def do(self, run: Run) -> WaitResult:
        with db.reader() as tx:
            podm = tx.get(models.PodManager, uuid=run.target)
            nodes = tx.list(models.Node, podm_uuid=run.target).all()
            stuck = [
                node
                for node in nodes
                if not requests.open_operations(tx, node.uuid)
            ]
        force = run.params(Params).get('force')
        if force and (_is_over(run) or not podm or podm.status == 'offline'):
            stuck = list(nodes)
        if stuck and not force:
            raise exception.Conflict(
                'Some nodes could not be released: '
                + '; '.join(
                    f'{node.name} ({node.uuid}): {node.last_error}'
                    for node in stuck[:10]
                )
            )
        if len(nodes) > len(stuck):
            raise InProgress(_POLL_SECONDS)
        return {
            'left_behind': [
                {
                    'node': node.uuid,
                    'name': node.name,
                    'resource_uri': node.resource_uri,
                    'managed_by': node.managed_by,
                }
                for node in stuck
            ]
        }

    def record(self, tx: db.Transaction, run: Run, result: WaitResult) -> None:
        uuids = [left['node'] for left in result['left_behind']]
        for node in tx.list(models.Node, uuid=uuids).all():
            abandon.give_up(tx, node)


def _is_over(run: Run) -> bool:
    """Whether the time to release nodes is over, if there is a limit."""
    age = db.now() - run.not_undone()[-1].created_at
    limit: float = cfg.CONF.conductor.force_timeout
    return age.total_seconds() >= limit


class Delete(Action):
    """Delete a pod manager and all its nodes."""

    name = 'delete'
    # It only waits: what hangs on pod managers does not keep it.
    steps = (ReleaseNodes, WaitForNodes)

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        for operation in requests.open_operations(tx, run.target):
            if operation.uuid != run.operation.uuid:
                requests.cancel(tx, operation)
        podm = tx.get(models.PodManager, uuid=run.target)
        if podm is not None:
            requests.request_unsubscribe(tx, run.requester(), podm)
        holds.forget(tx, run.target)
        tx.delete(models.PodManager, uuid=run.target)

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        tx.update(models.PodManager, {'deleting_at': None}, uuid=run.target)
