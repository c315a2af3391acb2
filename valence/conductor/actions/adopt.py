# SPDX-License-Identifier: Apache-2.0
"""Adopting a node that exists on a pod manager."""

import sqlalchemy as sa

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
from valence.db import allocations
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.objects.baseline import Baseline
from valence.podmanagers import hardware


class AdoptResult(steps.ComposedResult):
    """:param baseline: what identifies the node from now on."""

    baseline: Baseline


class ClaimParts(Step[AdoptResult]):
    """Read what the node consists of, and allocate that to it."""

    name = 'claim_parts'

    def do(self, run: Run) -> AdoptResult:
        uri = allocations.node_uri(run.target)
        # This assembles a node that is only allocated, and fails for one
        # whose composition failed.
        composed = run.driver().poll_compose(
            uri, steps.request_deadline(run), run.progress()
        )
        driver, deadline = run.driver(), steps.request_deadline(run)
        composed = driver.read_node(composed.uri, deadline)
        if not composed.resources:
            raise exception.PodManagerError(
                reason=f'{uri} does not show what it consists of'
            )
        _check_mark(run, composed)
        return {
            **steps.composed_result(composed),
            'baseline': baseline.take(composed, driver.service_uuid(deadline)),
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
        _check_free(tx, run, parts)
        allocations.create(tx, run.podm_uuid, run.target, parts)
        drift.record_baseline(tx, run.target)
        tx.update(
            models.Node,
            {
                'resource_uri': result['uri'],
                'uri_hash': diff.uri_hash(result['uri']),
                'index': result['index'],
                'baseline': result['baseline'],
                **quota.of_resources(tx, parts).columns(),
            },
            uuid=run.target,
        )

    def unrecord(
        self,
        tx: db.Transaction,
        run: Run,
        result: AdoptResult | None,
    ) -> None:
        allocations.delete(tx, node_uuid=run.target)


def _check_free(tx: db.Transaction, run: Run, parts: list[str]) -> None:
    """Check that nobody else has a part of the node.

    :raises Conflict: when somebody has: that does not end by itself.
    """
    taken = tx.list(
        models.Allocation,
        sa.or_(
            models.Allocation.node_uuid.is_(None),
            models.Allocation.node_uuid != run.target,
        ),
        resource_uuid=parts,
    ).all()
    if taken:
        holders = {
            f'allocated to the node {row.node_uuid}'
            if row.node_uuid
            else f'reserved to the project {row.reserved_to}'
            for row in taken
        }
        raise exception.Conflict(
            f'Parts of the node are {", ".join(sorted(holders))}.'
        )


def _check_mark(run: Run, composed: hardware.ComposedNode) -> None:
    """Leave what another installation, or another node, has alone.

    :raises NotOurs: when it has such a mark.
    """
    mark = composed.mark
    if mark is None:
        return
    foreign = mark.installation not in (None, installation.own_id())
    other = db.get(models.Node, uuid=mark.node)
    if foreign or (other is not None and other.uuid != run.target):
        raise exception.NotOurs(
            uri=composed.uri, reason=f'it has the mark {mark}'
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
            power_state=run.result(ClaimParts)['power_state'],
            **states.NO_ERROR,
        )

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        # Valence did not compose it: releasing it must not decompose it.
        states.fail_node(
            tx, run.target, error, resource_uri=None, uri_hash=None
        )
