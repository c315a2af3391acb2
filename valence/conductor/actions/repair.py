# SPDX-License-Identifier: Apache-2.0
"""Releasing what a compose request of ours has left on a pod manager."""

from typing import TypedDict

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.common import identity
from valence.conductor.actions import steps
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.conductor.inventory import findings
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import hardware

LOG = log.getLogger(__name__)


class RepairResult(TypedDict):
    """:param released: the URI of what was released; None: nothing was."""

    released: str | None


class ReleaseStray(Step[RepairResult]):
    """Look once more, and release the resource if it is still a stray."""

    name = 'release_stray'

    def do(self, run: Run) -> RepairResult:
        finding = db.get(models.Finding, uuid=run.target)
        if finding is None or finding.state != 'open':
            return {'released': None}
        driver, uri = run.driver(), str(finding.resource_uri)
        try:
            seen = driver.read_node(uri, steps.request_deadline(run))
        except exception.ResourceGone:
            return {'released': None}
        shown = driver.node_uris(steps.request_deadline(run))
        if not _is_stray(finding, seen, shown):
            return {'released': None}
        LOG.warning('Releasing %s, a stray of node %s', uri, finding.node_uuid)
        # Whether it is erased does not matter: it was never anybody's.
        driver.release(
            uri,
            run.idempotent(cfg.CONF.redfish.release_timeout),
            base.Progress(),
        )
        return {'released': uri}


def _is_stray(
    finding: models.Finding, seen: hardware.ComposedNode, shown: set[str]
) -> bool:
    """Whether a resource is still what the finding is about, and nobody's."""
    mark = identity.find_mark(finding.details.get('mark'))
    if mark is None or seen.mark != mark:
        return False
    with db.reader() as tx:
        return findings.is_stray(tx, seen, shown)


class Repair(Action):
    """Repair a finding."""

    name = 'repair'
    steps = (ReleaseStray,)
    long = True

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        tx.update(
            models.Finding,
            {'state': 'resolved', 'open_key': None},
            uuid=run.target,
        )
