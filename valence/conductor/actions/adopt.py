# SPDX-License-Identifier: Apache-2.0
"""Adopting: a node that exists on a pod manager becomes one of ours."""

import dataclasses
from typing import Any

from oslo_config import cfg

from valence import quota
from valence.common import exception
from valence.conductor import states
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.run import Run
from valence.conductor.inventory import diff
from valence.conductor.inventory import drift
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models


class Look(Step):
    """Read what the node is made of, and claim that."""

    name = 'look'

    def do(self, run: Run) -> dict[str, Any]:
        uri = allocations.node_uri(run.target)
        deadline = run.idempotent(cfg.CONF.redfish.request_timeout)
        # One that was only allocated is assembled; one that failed refused.
        composed = run.driver().poll_compose(uri, deadline, run.progress())
        if not composed.resources:
            raise exception.PodManagerError(
                reason=f'{uri} does not tell what it is made of'
            )
        return dataclasses.asdict(composed)

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        podm_uuid = run.podm_uuid
        hashes = [diff.uri_hash(uri) for uri in result['resources']]
        claimed: list[str] = []
        systems = 0
        for model in (models.System, models.Device):
            for row in tx.list(model, podm_uuid=podm_uuid, uri_hash=hashes):
                claimed.append(row.uuid)
                systems += model is models.System
        if not systems:
            raise exception.PodManagerError(
                reason='no system of the inventory is part of the node; '
                'sync the pod manager first'
            )
        allocations.create(tx, podm_uuid, run.target, claimed)
        drift.record_baseline(tx, run.target)
        tx.update(
            models.Node,
            {
                'index': result['index'],
                **quota.of_resources(tx, claimed).columns(),
            },
            uuid=run.target,
        )

    def unrecord(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any] | None,
    ) -> None:
        allocations.delete(tx, node_uuid=run.target)


class Adopt(Action):
    """A node that exists becomes one of ours."""

    name = 'adopt'
    steps = (Look,)

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        states.move_node(
            tx,
            run.target,
            'active',
            power_state=run.result(Look.name)['power_state'],
            **states.NO_ERROR,
        )

    def failed(
        self,
        tx: db.Transaction,
        run: Run,
        error: exception.ErrorText,
    ) -> None:
        # It was never ours: to release it must not take it apart.
        states.fail_node(tx, run.target, error, resource_uri=None)
