# SPDX-License-Identifier: Apache-2.0
"""Adopting a node that exists on a pod manager."""

from typing import TypedDict

from valence import quota
from valence.common import exception
from valence.conductor import states
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
from valence.objects.baseline import Baseline
from valence.podmanagers import hardware


class AdoptResult(steps.ComposedResult):
    """:param baseline: what identifies the node from now on."""

    baseline: Baseline


class Params(TypedDict, total=False):
    """:param finding: UUID of the finding that the node is adopted by."""

    finding: str


class ClaimParts(Step[AdoptResult]):
    """Read what the node consists of, and allocate that to it."""

    name = 'claim_parts'

    def do(self, run: Run) -> AdoptResult:
        driver, deadline = run.driver(), steps.request_deadline(run)
        uri = allocations.node_uri(run.target)
        # Assembling changes it, if it is only allocated.
        _check(run, driver.read_node(uri, deadline))
        # This fails for a node whose composition failed.
        composed = driver.poll_compose(uri, deadline, run.progress())
        composed = driver.read_node(composed.uri, deadline)
        if not composed.resources:
            raise exception.PodManagerError(
                reason=f'{uri} does not show what it consists of'
            )
        service_uuid = _check(run, composed)
        return {
            **steps.composed_result(composed),
            'baseline': baseline.take(composed, service_uuid),
        }

    def record(
        self, tx: db.Transaction, run: Run, result: AdoptResult
    ) -> None:
        uuids = drift.uuids_by_uri(tx, run.podm_uuid, result['resources'])
        parts = list(uuids.values())
        if not tx.count(models.System, uuid=parts):
            raise exception.PodManagerError(
                reason='no system of the inventory is part of the node; '
                'sync the pod manager first'
            )
        project_id = run.operation.project_id
        allocations.check_available(tx, parts, run.target, project_id)
        allocations.create(tx, run.podm_uuid, run.target, parts, project_id)
        drift.record_baseline(tx, run.target)
        tx.update(
            models.Node,
            {
                'resource_uri': result['uri'],
                'uri_hash': diff.uri_hash(result['uri']),
                'index': result['index'],
                'baseline': result['baseline'],
            },
            uuid=run.target,
        )
        quota.recharge(tx, run.target)

    def unrecord(
        self,
        tx: db.Transaction,
        run: Run,
        result: AdoptResult | None,
    ) -> None:
        # What was reserved to the project before is reserved to it again.
        allocations.deallocate(tx, run.target)


def _check(run: Run, composed: hardware.ComposedNode) -> str | None:
    """Check that a resource is what is to be adopted, and not in use.

    What another installation, or another node, has is left alone.

    :returns: the UUID of the service.
    :raises NotOurs: when it is something else.
    """
    service_uuid = run.driver().service_uuid(steps.request_deadline(run))
    different = _differences(run, composed, service_uuid)
    mark = composed.mark
    if mark is not None:
        other = db.get(models.Node, uuid=mark.node)
        if origins.is_foreign(composed) or (
            other is not None and other.uuid != run.target
        ):
            different.append(f'it has the mark {mark}')
    if different:
        raise exception.NotOurs(uri=composed.uri, reason='; '.join(different))
    return service_uuid


def _differences(
    run: Run, composed: hardware.ComposedNode, service_uuid: str | None
) -> list[str]:
    """In what a resource differs from what the finding is about."""
    uuid = run.params(Params).get('finding')
    finding = db.get(models.Finding, uuid=uuid) if uuid else None
    if finding is None:
        return []
    return baseline.differences(
        run.target, findings.recorded(finding), composed, service_uuid
    )


class Adopt(Action):
    """Adopt a node that exists on a pod manager."""

    name = 'adopt'
    steps = (ClaimParts,)

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        states.move_node(
            tx,
            run.target,
            'active',
            **steps.shown(run.result(ClaimParts)),
            **states.NO_ERROR,
        )
        uri = run.result(ClaimParts)['uri']
        findings.resolve_uri(tx, run.podm_uuid, uri)

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        if run.params(Params).get('finding'):
            # The finding still exists and refers to the node.
            quota.delete_node(tx, run.target)
            return
        # Valence did not compose it: releasing it must not decompose it.
        states.fail_node(
            tx, run.target, error, resource_uri=None, uri_hash=None
        )
        quota.recharge(tx, run.target)
