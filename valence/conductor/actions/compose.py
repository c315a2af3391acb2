# SPDX-License-Identifier: Apache-2.0
"""Composing a node: claim its parts, and have the pod manager join them."""

import contextlib
from typing import cast

import sqlalchemy as sa
from oslo_config import cfg

from valence import quota
from valence.common import exception
from valence.common import identity
from valence.common.types import ExcludedSystem
from valence.common.types import JsonObject
from valence.conductor import states
from valence.conductor.actions import claim
from valence.conductor.actions import enrollment
from valence.conductor.actions import guard
from valence.conductor.actions import outcome
from valence.conductor.actions import place
from valence.conductor.actions import steps
from valence.conductor.actions.claim import ClaimParts
from valence.conductor.actions.claim import Params
from valence.conductor.actions.claim import chosen_uris
from valence.conductor.engine.model import Action
from valence.conductor.engine.model import AnyStep
from valence.conductor.engine.model import Step
from valence.conductor.engine.model import TryNext
from valence.conductor.engine.run import Run
from valence.conductor.inventory import baseline
from valence.conductor.inventory import drift
from valence.db import allocations
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.objects.baseline import Baseline
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import outcomes

# An intent of ``allocate``: why the pod manager refused it.
_REFUSED = 'refused'


class Allocate(Step[steps.ComposedResult]):
    """Have the pod manager compose the node."""

    name = 'allocate'

    def find(self, run: Run) -> steps.ComposedResult | None:
        found = self.look(run)
        existing = run.intent(Allocate, guard.EXISTING)
        refused = run.intent(Allocate, _REFUSED) is not None
        # What the driver has recorded comes before the request.
        unsent = existing is None or run.progress().facts()
        if found is None and not unsent and not refused:
            outcome.check_unused(
                run, {*cast('list[str]', existing)}, chosen_uris(run)
            )
        return found

    def look(self, run: Run) -> steps.ComposedResult | None:
        """What shows as composed by the request, wherever it is."""
        found = run.driver().find_composed(
            _request(run), run.idempotent(cfg.CONF.conductor.sync_timeout)
        )
        if found is None or _stranger(run, found):
            return None
        return steps.composed_result(found)

    def do(self, run: Run) -> steps.ComposedResult:
        guard.same_service(run)
        driver = run.driver()
        repeated = run.intent(Allocate, guard.EXISTING) is not None
        # What exists before the request was not made by it.
        run.record_intent(
            guard.EXISTING,
            sorted(driver.node_uris(steps.request_deadline(run))),
        )
        deadline = run.non_idempotent(run.request_timeout())
        try:
            composed = driver.compose(_request(run), deadline, run.progress())
        except (exception.RequestRejected, exception.ResourceGone) as exc:
            # An earlier request may have had its effect only now.
            if repeated and (found := self.look(run)):
                return found
            run.record_intent(_REFUSED, str(exc)[:255])
            raise
        _refuse_stranger(run, composed)
        return steps.composed_result(composed)

    def failed(self, run: Run, exc: Exception) -> TryNext | None:
        return _after_refusal(run, exc)

    def record(
        self, tx: db.Transaction, run: Run, result: steps.ComposedResult
    ) -> None:
        place.store(tx, run, result)

    def undo(self, run: Run, result: steps.ComposedResult | None) -> None:
        if result is None and run.intent(Allocate, guard.EXISTING) is None:
            # Nothing was sent.
            return
        outcome.cancel(run)
        composed = result or self.find(run)
        own = composed and _is_own(run, composed['uri'])
        # It may be elsewhere than was said.
        elsewhere = self.look(run) if result and not own else None
        if elsewhere:
            composed, own = elsewhere, _is_own(run, elsewhere['uri'])
        if composed and own is not False:
            outcome.release(run, composed['uri'])

    def unrecord(
        self,
        tx: db.Transaction,
        run: Run,
        result: steps.ComposedResult | None,
    ) -> None:
        tx.update(
            models.Node,
            {'resource_uri': None, 'uri_hash': None, 'index': None},
            uuid=run.target,
        )


class AssembleResult(steps.ComposedResult):
    """The node as it was read when it was complete.

    :param found: UUIDs of the parts of the node, by URI.
    :param baseline: what identifies the node from now on.
    """

    found: dict[str, str]
    baseline: Baseline


class Assemble(Step[AssembleResult]):
    """Wait until the node can be used, and check what it consists of."""

    name = 'assemble'

    def do(self, run: Run) -> AssembleResult:
        uri = run.result(Allocate)['uri']
        driver, deadline = run.driver(), steps.request_deadline(run)
        _check_before_polling(run, driver, uri)
        try:
            composed = driver.poll_compose(uri, deadline, run.progress())
        except outcome.NOT_READABLE as exc:
            composed = _elsewhere(run, exc)
        deadline = steps.request_deadline(run)
        composed = outcome.read_composed(run, composed.uri)
        _refuse_stranger(run, composed)
        if composed.shared:
            raise _try_next(run, f'others have joined {composed.uri}')
        with db.reader() as tx:
            found = drift.uuids_by_uri(tx, run.podm_uuid, composed.resources)
            _check_parts(tx, run, found)
        if not _not_chosen(run, found):
            # Otherwise others were taken instead.
            outcomes.check_joined(driver, composed, chosen_uris(run), deadline)
        return {
            **steps.composed_result(composed),
            'found': found,
            'baseline': baseline.take(composed, driver.service_uuid(deadline)),
        }

    def failed(self, run: Run, exc: Exception) -> TryNext | None:
        return _after_refusal(run, exc)

    def record(
        self, tx: db.Transaction, run: Run, result: AssembleResult
    ) -> None:
        # ``allocate`` may have stored the URI of a task.
        place.store(tx, run, result, baseline=result['baseline'])
        if _not_chosen(run, result['found']):
            allocations.replace(
                tx,
                run.target,
                run.podm_uuid,
                result['found'].values(),
                run.operation.project_id,
            )


def _elsewhere(
    run: Run, exc: exception.PodManagerError
) -> hardware.ComposedNode:
    """What was composed, where it is not readable at the URI that was named.

    :raises Settling: when it is nowhere else, either.
    """
    found = None
    # What cannot be read yet may just not be listed completely, either.
    with contextlib.suppress(exception.PodManagerError):
        found = Allocate().look(run)
    if found is None:
        raise outcome.not_readable(exc) from exc
    deadline = steps.request_deadline(run)
    try:
        return run.driver().poll_compose(
            found['uri'], deadline, run.progress()
        )
    except outcome.NOT_READABLE:
        raise outcome.not_readable(exc) from exc


def _check_before_polling(run: Run, driver: base.Driver, uri: str) -> None:
    """Look at what a driver may have to assemble: a URI is used again.

    :raises TryNext: when it is not what this operation composed.
    """
    if '#' in uri:
        return
    # What is gone, or cannot be read yet, is the driver's business.
    with contextlib.suppress(*outcome.NOT_READABLE):
        seen = driver.read_node(uri, steps.request_deadline(run))
        _refuse_stranger(run, seen)


def _stranger(run: Run, composed: hardware.ComposedNode) -> str | None:
    """Why this operation cannot have composed it; see ``guard.mismatch``."""
    existing = cast('list[str]', run.intent(Allocate, guard.EXISTING) or [])
    system_uri = run.result(ClaimParts)['system_uri']
    reason = guard.mismatch(run, composed, system_uri, existing)
    return reason or _other_uuid(run, composed)


def _other_uuid(run: Run, composed: hardware.ComposedNode) -> str | None:
    """How its UUID differs from that of what was composed, if both show."""
    before = None
    with contextlib.suppress(LookupError):
        before = run.result(Allocate).get('uuid')
    now = identity.identifying_uuid(composed.uuid)
    if composed.mark is None and before and now and before != now:
        return f'its UUID was {before}, and is {now}'
    return None


def _refuse_stranger(run: Run, composed: hardware.ComposedNode) -> None:
    """Leave what another made alone, and try the next candidate.

    :raises TryNext: when it is not what this operation composed.
    """
    reason = _stranger(run, composed)
    if reason is not None:
        raise _try_next(
            run, f'the pod manager returned {composed.uri}, but {reason}'
        )


def _is_own(run: Run, uri: str) -> bool | None:
    """Whether what an undo would release was made by this operation.

    :returns: None if nothing is there.
    """
    if '#' in uri:
        # A task, or a permanent system: the driver looks for the mark.
        return True
    try:
        seen = run.driver().read_node(uri, steps.request_deadline(run))
    except exception.ResourceGone:
        return None
    return _stranger(run, seen) is None


def _check_parts(tx: db.Transaction, run: Run, found: dict[str, str]) -> None:
    """Accept other parts than the chosen ones, if the request allows that.

    A pod manager that is sent the requirements, not the parts, may take
    equivalent ones, which meet the requirements as well. A request for exact
    resources, or with an affinity, is not fulfilled by others.

    :param found: UUIDs of the parts of the node, by URI.
    :raises TryNext: when the request does not allow them, or when they are
        allocated or reserved to others.
    """
    others = _not_chosen(run, found)
    if not others:
        return
    taken = tx.list(
        models.Allocation,
        sa.or_(
            models.Allocation.node_uuid != run.target,
            models.Allocation.hold_uuid.is_not(None),
            sa.and_(
                models.Allocation.node_uuid.is_(None),
                models.Allocation.reserved_to != run.operation.project_id,
            ),
        ),
        resource_uuid=[found[uri] for uri in others],
    ).all()
    params = run.params(Params)
    reason = 'which is not free' if taken else None
    reason = reason or claim.lacks(tx, run, found.values())
    if reason or params.get('resources') or params.get('affinity'):
        raise _try_next(
            run,
            f'the pod manager took {", ".join(sorted(others))} instead of '
            f'what was chosen{f", {reason}" if reason else ""}',
        )


def _try_next(run: Run, reason: str) -> TryNext:
    """Undo everything, and choose another combination."""
    chosen = run.result(ClaimParts)
    return TryNext(
        {
            'system': chosen['system_uuid'],
            'devices': sorted(chosen['devices']),
            'podm_uuid': chosen['podm_uuid'],
            'reason': reason[:1000],
        }
    )


def _after_refusal(run: Run, exc: Exception) -> TryNext | None:
    """Try something else, for any error of the pod manager."""
    if isinstance(exc, exception.PodManagerError):
        return _try_next(run, str(exc))
    return None


def _not_chosen(run: Run, found: dict[str, str]) -> set[str]:
    """The URIs of parts of the node that were not chosen for it."""
    return found.keys() - set(chosen_uris(run))


def _request(run: Run) -> base.ComposeRequest:
    node = db.get(models.Node, uuid=run.target)
    if node is None:
        raise exception.ResourceGone(uri=f'the node {run.target}')
    chosen = run.result(ClaimParts)
    return base.ComposeRequest(
        mark=installation.mark(node.uuid),
        name=node.name,
        requirements=node.properties,
        system=chosen['system_uri'],
        devices=tuple(chosen['devices'].values()),
    )


class Compose(Action):
    """Compose a node."""

    name = 'compose'
    steps = (ClaimParts, Allocate, Assemble, steps.Refresh)

    def plan(self, params: JsonObject) -> tuple[type[AnyStep], ...]:
        if 'register' not in params:
            return self.steps
        return *self.steps, *enrollment.steps(enrollment.options(params))

    def refused(
        self, tx: db.Transaction, run: Run, excluded: ExcludedSystem
    ) -> None:
        refusal = excluded['reason'][:1024]
        tx.update(
            models.PodManager,
            {'refusal': refusal, 'refused_at': tx.now()},
            uuid=run.podm_uuid,
        )

    def succeeded(self, tx: db.Transaction, run: Run) -> None:
        tx.update(
            models.PodManager,
            {'refusal': None, 'refused_at': None},
            models.PodManager.refused_at.is_not(None),
            uuid=run.podm_uuid,
        )
        states.move_node(
            tx,
            run.target,
            'active',
            **steps.shown(run.result(Assemble)),
            **states.NO_ERROR,
        )
        # The pod manager may have taken other hardware than was claimed.
        quota.recharge(tx, run.target)

    def failed(
        self, tx: db.Transaction, run: Run, error: exception.ErrorText
    ) -> None:
        if not run.journal:
            # It may have what was held.
            allocations.deallocate(tx, run.target)
        states.fail_node(tx, run.target, error)
        quota.recharge(tx, run.target)
