# SPDX-License-Identifier: Apache-2.0
"""Composing: choose and claim the parts, have them joined, make it a node."""

import dataclasses
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_utils import timeutils

from valence.common import exception
from valence.conductor import states
from valence.conductor.actions import enrollment
from valence.conductor.actions import steps
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import Step
from valence.conductor.engine.model import TryNext
from valence.conductor.engine.run import Run
from valence.conductor.inventory import drift
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.scheduler import ranking
from valence.scheduler.request import Request


class Pick(Step):
    """Choose a pod manager and the parts there, and claim them."""

    name = 'pick'

    def __init__(self) -> None:
        self.seen = hardware.Inventory()
        self.since = timeutils.utcnow()

    def do(self, run: Run) -> dict[str, Any]:
        params = run.operation.params
        with db.reader() as tx:
            node = tx.get(models.Node, uuid=run.target)
            if node is None:
                raise exception.ResourceGone(uri=f'the node {run.target}')
            choice = ranking.choose(
                tx,
                Request(
                    node.properties,
                    podm_uuid=params.get('pod_manager'),
                    resources=tuple(params.get('resources', ())),
                    affinity=params.get('affinity'),
                    project_id=run.operation.project_id,
                    excluded=tuple(
                        (refusal['system'], refusal['reason'])
                        for refusal in params.get('refusals', ())
                    ),
                ),
            )
        return dataclasses.asdict(choice)

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        podm_uuid = result['podm_uuid']
        allocations.allocate(
            tx,
            run.target,
            podm_uuid,
            [result['system_uuid']],
            list(result['devices']),
            run.operation.project_id,
        )
        tx.update(models.Node, {'podm_uuid': podm_uuid}, uuid=run.target)
        # From here on the operation waits its turn on that pod manager.
        tx.update(
            models.Operation,
            {
                'podm_uuid': podm_uuid,
                'state': 'pending',
                'claim': None,
                'conductor': None,
            },
            uuid=run.operation.uuid,
        )

    def undo(self, run: Run, result: dict[str, Any] | None) -> None:
        self.seen, self.since = steps.look_again(run)

    def unrecord(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any] | None,
    ) -> None:
        steps.store(tx, run, self.seen, self.since)
        allocations.deallocate(tx, run.target)
        tx.update(
            models.Node,
            {'podm_uuid': run.operation.params.get('pod_manager')},
            uuid=run.target,
        )
        tx.update(
            models.Operation, {'podm_uuid': None}, uuid=run.operation.uuid
        )


class Allocate(Step):
    """Have the pod manager join the parts."""

    name = 'allocate'

    def find(self, run: Run) -> dict[str, Any] | None:
        found = run.driver().find_composed(
            _request(run), run.idempotent(cfg.CONF.conductor.sync_timeout)
        )
        return dataclasses.asdict(found) if found else None

    def do(self, run: Run) -> dict[str, Any]:
        try:
            composed = run.driver().compose(
                _request(run),
                run.non_idempotent(cfg.CONF.redfish.request_timeout),
            )
        except (exception.NoMatch, exception.ResourceGone) as exc:
            raise TryNext(
                system=run.result('pick')['system_uuid'], reason=str(exc)
            ) from exc
        return dataclasses.asdict(composed)

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        tx.update(
            models.Node,
            {'resource_uri': result['uri'], 'index': result['index']},
            uuid=run.target,
        )

    def undo(self, run: Run, result: dict[str, Any] | None) -> None:
        uri = result['uri'] if result else (self.find(run) or {}).get('uri')
        if uri:
            run.driver().release(
                uri,
                run.idempotent(cfg.CONF.redfish.release_timeout),
                run.progress(),
            )

    def unrecord(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any] | None,
    ) -> None:
        tx.update(
            models.Node,
            {'resource_uri': None, 'index': None},
            uuid=run.target,
        )


class Assemble(Step):
    """Wait until the node can be used, and see that it is what was meant."""

    name = 'assemble'

    def do(self, run: Run) -> dict[str, Any]:
        deadline = run.idempotent(cfg.CONF.redfish.request_timeout)
        uri = run.result('allocate')['uri']
        pick = run.result('pick')
        try:
            composed = run.driver().poll_compose(uri, deadline, run.progress())
        except exception.NoMatch as exc:
            # A task may lose a race as well as a request.
            raise TryNext(system=pick['system_uuid'], reason=str(exc)) from exc
        with db.reader() as tx:
            found = drift.uuids_by_uri(tx, run.podm_uuid, composed.resources)
            self._accept(tx, run, found)
        return {**dataclasses.asdict(composed), 'found': found}

    @staticmethod
    def _accept(tx: db.Transaction, run: Run, found: dict[str, str]) -> None:
        """Take other parts than those that were chosen, if that will do.

        A pod manager that is told what is wanted, not which parts, may pick
        what is as good. Who asked for these very parts, or for a place, is
        not served by others.

        :raises TryNext: when they will not do, or are somebody else's.
        """
        strange = _strange(run, found)
        if not strange:
            return
        taken = tx.list(
            models.Allocation,
            sa.or_(
                models.Allocation.node_uuid != run.target,
                sa.and_(
                    models.Allocation.node_uuid.is_(None),
                    models.Allocation.reserved_to != run.operation.project_id,
                ),
            ),
            resource_uuid=[found[uri] for uri in strange],
        ).all()
        params = run.operation.params
        if taken or params.get('resources') or params.get('affinity'):
            raise TryNext(
                system=run.result('pick')['system_uuid'],
                reason=f'the pod manager took {", ".join(sorted(strange))} '
                'instead of what was chosen'
                + (', which is not free' if taken else ''),
            )

    def record(
        self,
        tx: db.Transaction,
        run: Run,
        result: dict[str, Any],
    ) -> None:
        # Until it was composed only the task's URI may have been known.
        tx.update(
            models.Node,
            {'resource_uri': result['uri'], 'index': result['index']},
            uuid=run.target,
        )
        found = result['found']
        if _strange(run, found):
            allocations.replace(
                tx,
                run.target,
                run.podm_uuid,
                found.values(),
                run.operation.project_id,
            )


def _strange(run: Run, found: dict[str, str]) -> set[str]:
    """The URIs of what a node is made of without having been chosen."""
    pick = run.result('pick')
    return found.keys() - {pick['system_uri'], *pick['devices'].values()}


class Compose(Action):
    """A request for a machine becomes a machine."""

    name = 'compose'
    steps = (Pick, Allocate, Assemble, steps.Refresh)

    def plan(self, params: dict[str, Any]) -> tuple[type[Step], ...]:
        if 'register' not in params:
            return self.steps
        return *self.steps, *enrollment.steps(enrollment.options(params))

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        states.move_node(
            tx,
            run.target,
            'active',
            power_state=run.result('assemble')['power_state'],
            **states.NO_ERROR,
        )

    def failed(
        self,
        tx: db.Transaction,
        run: Run,
        error: exception.ErrorText,
    ) -> None:
        states.fail_node(tx, run.target, error)


def _request(run: Run) -> base.ComposeRequest:
    node = db.get(models.Node, uuid=run.target)
    if node is None:
        raise exception.ResourceGone(uri=f'the node {run.target}')
    return base.ComposeRequest(
        marker=node.uuid,
        name=node.name,
        requirements=node.properties,
        system=run.result('pick')['system_uri'],
        devices=tuple(run.result('pick')['devices'].values()),
    )
