# SPDX-License-Identifier: Apache-2.0
"""Releasing what a finding is about: a stray, or what was confirmed."""

from typing import TypedDict

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.common import identity
from valence.conductor.actions import steps
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.conductor.inventory import baseline
from valence.conductor.inventory import diff
from valence.conductor.inventory import drift
from valence.conductor.inventory import findings
from valence.conductor.inventory import origins
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware
from valence.podmanagers import outcomes

LOG = log.getLogger(__name__)


class Params(TypedDict, total=False):
    """:param confirmed: whether an administrator requested the release."""

    confirmed: bool


class RepairResult(TypedDict, total=False):
    """What was released.

    :param released: its URI; None: nothing was.
    :param erased: whether all that was stored on it is known to be erased.
    """

    released: str | None
    erased: bool


class ReleaseStray(Step[RepairResult]):
    """Look once more, and release the resource if it is still the same."""

    name = 'release_stray'

    def do(self, run: Run) -> RepairResult:
        confirmed = bool(run.params(Params).get('confirmed'))
        finding = db.get(models.Finding, uuid=run.target)
        if finding is None or not (confirmed or finding.state == 'open'):
            return {'released': None}
        driver, uri = run.driver(), str(finding.resource_uri)
        deadline = steps.request_deadline(run)
        try:
            seen = driver.read_node(uri, deadline)
        except exception.ResourceGone:
            # An earlier call may have released it.
            return {'released': uri if run.progress().facts() else None}
        if confirmed:
            _check_same(finding, seen, driver.service_uuid(deadline))
        elif not _is_stray(finding, seen, driver.node_uris(deadline)):
            return {'released': None}
        LOG.warning('Releasing %s: %s', uri, finding.reason)
        erased = driver.release(
            uri,
            steps.request_deadline(run),
            run.progress(),
            # A stray was never anybody's.
            erase=confirmed and not cfg.CONF.conductor.reuse_unerased,
        )
        outcomes.check_released(
            driver,
            uri,
            seen.resources,
            lambda found: found.mark == seen.mark,
            run.idempotent(cfg.CONF.conductor.sync_timeout),
        )
        return {'released': uri, 'erased': erased}


def _is_stray(
    finding: models.Finding, seen: hardware.ComposedNode, shown: set[str]
) -> bool:
    """Whether a resource is still as in the finding, and not in use."""
    mark = identity.find_mark(finding.details.get('mark'))
    if mark is None or seen.mark != mark:
        return False
    with db.reader() as tx:
        return origins.Origins.of(tx, [seen]).is_stray(seen, shown)


def _check_same(
    finding: models.Finding,
    seen: hardware.ComposedNode,
    service_uuid: str | None,
) -> None:
    """Check that a resource is what an administrator wants to release.

    :raises NotOurs: when it is something else, or has become a node.
    :raises Conflict: when part of it belongs to another node.
    """
    different = baseline.differences(
        finding.node_uuid or '',
        findings.recorded(finding),
        seen,
        service_uuid,
    )
    podm_uuid = str(finding.podm_uuid)
    with db.reader() as tx:
        node = tx.get(
            models.Node,
            podm_uuid=podm_uuid,
            uri_hash=diff.uri_hash(seen.uri),
        )
        if node is not None:
            different.append(f'it is the node {node.name} ({node.uuid})')
        if different:
            raise exception.NotOurs(uri=seen.uri, reason='; '.join(different))
        parts = drift.uuids_by_uri(tx, podm_uuid, seen.resources).values()
        allocations.check_available(tx, parts, project_id=finding.project_id)


class Repair(Action):
    """Release what a finding is about."""

    name = 'repair'
    steps = (ReleaseStray,)
    long = True

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        finding = tx.get(models.Finding, uuid=run.target)
        if finding is None:
            return
        result = run.result(ReleaseStray)
        if result['released'] and not result.get('erased', True):
            _reserve(tx, run.podm_uuid, finding)
        findings.resolve(tx, [finding], ())


def _reserve(
    tx: db.Transaction, podm_uuid: str, finding: models.Finding
) -> None:
    """Keep what was stored on a released node from other projects."""
    if finding.project_id is None or cfg.CONF.conductor.reuse_unerased:
        return
    parts = findings.recorded(finding)['parts']
    uuids = drift.uuids_by_uri(tx, podm_uuid, parts).values()
    allocations.reserve(tx, podm_uuid, uuids, finding.project_id)
