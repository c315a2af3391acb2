# SPDX-License-Identifier: Apache-2.0
"""Reading the whole inventory of a pod manager."""

from typing import Any

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


class Read(Step):
    """Read everything, and store what is new or different."""

    name = 'read'

    def __init__(self) -> None:
        self.seen: hardware.Inventory = hardware.Inventory()
        self.since = timeutils.utcnow()

    def do(self, run: Run) -> dict[str, Any]:
        self.since = timeutils.utcnow()
        self.seen = run.driver().discover(
            run.idempotent(cfg.CONF.conductor.sync_timeout)
        )
        run.ensure_lease()
        strays = [
            composed.uri
            for composed in self.seen.nodes
            if composed.marker and _orphaned(composed)
        ]
        return {
            'chassis': len(self.seen.chassis),
            'systems': len(self.seen.systems),
            'nodes': len(self.seen.nodes),
            'problems': self.seen.problems[:100],
            'strays': strays,
        }

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        store.write(tx, run.target, self.seen, since=self.since)
        problems = self.seen.problems
        said = '; '.join(problems[:3])[:900]
        if len(problems) > 3:
            said += f'; and {len(problems) - 3} more'
        tx.update(
            models.PodManager,
            {'synced_at': self.since, 'sync_error': said or None},
            uuid=run.target,
        )


class Tidy(Step):
    """Release what bears the mark of one of our nodes but is not that node.

    It is what a request left behind whose answer was lost.
    """

    name = 'tidy'

    def do(self, run: Run) -> dict[str, Any]:
        deadline = run.idempotent(cfg.CONF.redfish.release_timeout)
        released = []
        for uri in run.result(Read.name)['strays']:
            composed = run.driver().read_node(uri, deadline)
            if _orphaned(composed):
                LOG.warning(
                    'Releasing %s, left behind by node %s',
                    composed.uri,
                    composed.marker,
                )
                # Whether it is erased does not matter: nothing claims it.
                run.driver().release(composed.uri, deadline, base.Progress())
                released.append(composed.uri)
        return {'released': released}


def _orphaned(composed: hardware.ComposedNode) -> bool:
    """Whether a node bears the mark of one of ours, but is not that one."""
    with db.reader() as tx:
        ours = tx.list(
            models.Operation, only=('state',), target_uuid=composed.marker
        ).all()
        node = tx.get(models.Node, uuid=composed.marker)
    if not ours or any(row.state in states.OPEN for row in ours):
        return False
    if node is None:
        return True
    return node.resource_uri not in (None, composed.uri)


class Sync(Action):
    """The inventory is as true as it can be made now."""

    name = 'sync'
    steps = (Read, Tidy)
    long = True

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        # Of the readings that nobody asked for only the last one is kept.
        tx.delete(
            models.Operation,
            models.Operation.uuid != run.operation.uuid,
            action=self.name,
            target_uuid=run.target,
            request_id=None,
            state=('succeeded', 'failed'),
        )

    def failed(
        self,
        tx: db.Transaction,
        run: Run,
        error: exception.ErrorText,
    ) -> None:
        if error != states.CANCELLED:
            tx.update(
                models.PodManager,
                {'sync_error': error.message[:1024]},
                uuid=run.target,
            )
