# SPDX-License-Identifier: Apache-2.0
"""Reading the whole inventory of a pod manager."""

from typing import TypedDict

from oslo_config import cfg
from oslo_log import log
from oslo_utils import timeutils

from valence.common import exception
from valence.conductor import states
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.conductor.inventory import store
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import hardware

LOG = log.getLogger(__name__)


class ReadResult(TypedDict):
    """What was read.

    :param chassis: how many; ``systems`` and ``nodes`` likewise.
    :param problems: what could not be read.
    :param orphans: URIs of nodes that are marked as Valence's, but do not
        belong to a node of Valence.
    """

    chassis: int
    systems: int
    nodes: int
    problems: list[str]
    orphans: list[str]


class ReadInventory(Step[ReadResult]):
    """Read everything, and store what is new or has changed."""

    name = 'read_inventory'

    def __init__(self) -> None:
        self._seen = hardware.Inventory()
        self._since = timeutils.utcnow()

    def do(self, run: Run) -> ReadResult:
        self._since = timeutils.utcnow()
        self._seen = run.driver().discover(
            run.idempotent(cfg.CONF.conductor.sync_timeout)
        )
        run.ensure_lease()
        return {
            'chassis': len(self._seen.chassis),
            'systems': len(self._seen.systems),
            'nodes': len(self._seen.nodes),
            'problems': self._seen.problems[:100],
            'orphans': [
                node.uri for node in self._seen.nodes if _is_orphan(node)
            ],
        }

    def record(self, tx: db.Transaction, run: Run, result: ReadResult) -> None:
        store.write(tx, run.target, self._seen, since=self._since)
        problems = self._seen.problems
        error = '; '.join(problems[:3])[:900]
        if len(problems) > 3:
            error += f'; and {len(problems) - 3} more'
        tx.update(
            models.PodManager,
            {'synced_at': self._since, 'sync_error': error or None},
            uuid=run.target,
        )


class ReleaseResult(TypedDict):
    """:param released: the URIs of the released nodes."""

    released: list[str]


class ReleaseOrphans(Step[ReleaseResult]):
    """Release what compose requests left behind whose response was lost."""

    name = 'release_orphans'

    def do(self, run: Run) -> ReleaseResult:
        deadline = run.idempotent(cfg.CONF.redfish.release_timeout)
        released = []
        for uri in run.result(ReadInventory)['orphans']:
            composed = run.driver().read_node(uri, deadline)
            if _is_orphan(composed):
                LOG.warning(
                    'Releasing %s, an orphan of node %s',
                    composed.uri,
                    composed.marker,
                )
                # Whether it is erased does not matter: nothing claims it.
                run.driver().release(composed.uri, deadline, base.Progress())
                released.append(composed.uri)
        return {'released': released}


def _is_orphan(composed: hardware.ComposedNode) -> bool:
    """Whether a node is marked as one of Valence's, but is not that node."""
    if composed.marker is None:
        return False
    with db.reader() as tx:
        operations = tx.list(
            models.Operation, only=('state',), target_uuid=composed.marker
        ).all()
        node = tx.get(models.Node, uuid=composed.marker)
    # Without an operation the marker is not this installation's.
    if not operations or any(row.state in states.OPEN for row in operations):
        return False
    return node is None or node.resource_uri not in (None, composed.uri)


class Sync(Action):
    """Bring the stored inventory of a pod manager up to date."""

    name = 'sync'
    steps = (ReadInventory, ReleaseOrphans)
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
