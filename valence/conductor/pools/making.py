# SPDX-License-Identifier: Apache-2.0
"""Requests that make and release the nodes of a pool: ordinary operations."""

import dataclasses
from typing import Any

from oslo_config import cfg
from oslo_utils import uuidutils

from valence import objects
from valence import pools
from valence import quota
from valence.common import exception
from valence.common.types import JsonObject
from valence.conductor import requests
from valence.conductor import states
from valence.conductor.pools.members import Member
from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.objects.condition import NO_CHANGE
from valence.objects.condition import NO_RELEASE
from valence.scheduler import ranking
from valence.scheduler.request import Choice
from valence.scheduler.request import Request

#: The code of the condition of hardware that does not become ready.
NOT_PROVIDED = 'not_provided'


@dataclasses.dataclass
class Offer:
    """The hardware for nodes of a pool.

    :param choices: one for each node.
    :param reason: why there is none for more nodes.
    :param limits: those of the project.
    :param flavor: what all of them are chosen for.
    """

    choices: list[Choice] = dataclasses.field(default_factory=list)
    reason: str | None = None
    limits: dict[str, int] = dataclasses.field(default_factory=dict)
    flavor: models.Flavor | None = None


def look_for(tx: db.Transaction, pool: models.Pool, count: int) -> Offer:
    """Choose hardware for some nodes; nothing is allocated yet."""
    flavor = tx.get(models.Flavor, uuid=pool.flavor_uuid)
    offer = Offer(flavor=flavor)
    if flavor is None:
        offer.reason = 'its flavor was deleted'
        return offer
    named = pool.pod_managers
    if named and not tx.count(models.PodManager, uuid=named):
        offer.reason = 'its pod managers were deleted'
        return offer
    wanted = requirements.normalize(flavor.properties)
    while len(offer.choices) < count:
        request = Request(
            wanted,
            project_id=pool.project_id,
            register=True,
            chosen=tuple(offer.choices),
        )
        try:
            offer.choices.append(_choose(tx, request, pool.pod_managers))
        except exception.NoCapacity as exc:
            offer.reason = str(exc)
            break
    return offer


def _choose(tx: db.Transaction, request: Request, podms: list[str]) -> Choice:
    """Choose hardware on the first of some pod managers that has it.

    :raises NoCapacity: with the reasons of all of them.
    """
    reasons = []
    wanted: list[str | None] = [*podms] or [None]
    for podm_uuid in wanted:
        asked = dataclasses.replace(request, podm_uuid=podm_uuid)
        try:
            return ranking.choose(tx, asked)
        except exception.NoCapacity as exc:
            reasons.append(str(exc))
    raise exception.NoCapacity('; '.join(dict.fromkeys(reasons)))


def compose(
    tx: db.Transaction, pool: models.Pool, offer: Offer, choice: Choice
) -> None:
    """Create a node, and the operation that composes and registers it.

    :raises OverLimit: when the project of the pool may not have it.
    """
    if offer.flavor is None:
        return
    podm_uuid = choice.podm_uuid if pool.pod_managers else None
    uuid = _create(tx, pool, offer.flavor, offer.limits, podm_uuid)
    requests.request(
        *(tx, None, 'compose', 'nodes', uuid),
        podm_uuid=podm_uuid,
        lock_key=f'node:{uuid}',
        project_id=pool.project_id,
        params=_params(
            pool,
            pod_manager=podm_uuid,
            resources=[],
            affinity=None,
            limits=offer.limits,
            register=pool.register,
        ),
    )


def _create(
    tx: db.Transaction,
    pool: models.Pool,
    flavor: models.Flavor,
    limits: dict[str, int],
    podm_uuid: str | None,
) -> str:
    """Create a node that is not composed yet; its UUID.

    :raises OverLimit: when the project of the pool may not have it.
    """
    wanted = requirements.normalize(flavor.properties)
    charge = quota.of_requirements(wanted)
    quota.enforce(tx, pool.project_id, limits, charge)
    uuid = uuidutils.generate_uuid()
    values = {
        **objects.Node.defaults(),
        **charge.columns(),
        'uuid': uuid,
        'name': f'{pool.name}-{uuid[:8]}',
        'scope': pool.project_id or '',
        'project_id': pool.project_id,
        'podm_uuid': podm_uuid,
        'flavor_uuid': flavor.uuid,
        'properties': wanted,
        'resource_class': flavor.name,
        'provision_state': 'composing',
        'pool_uuid': pool.uuid,
        'pool_state': pools.COMING,
        'pool_state_at': tx.now(),
    }
    tx.create(models.Node, **values)
    quota.open_request(tx, uuid, charge)
    return uuid


def _params(pool: models.Pool, **params: Any) -> JsonObject:
    """The parameters of an operation, with the pool that it is for."""
    return {**params, 'pool': pool.uuid}


def register(tx: db.Transaction, pool: models.Pool, member: Member) -> None:
    """Have a node that is registered already made available.

    That is not repeated soon after it has failed.
    """
    operation = models.Operation
    failed = tx.list(
        operation,
        operation.finished_at > tx.in_seconds(-cfg.CONF.pool.max_retry),
        only=('uuid',),
        target_uuid=member.uuid,
        action='register',
        limit=1,
    )
    if failed.first() is not None:
        return
    held = conditions.of_node(tx, member.row)
    if held.first(NO_CHANGE) is not None:
        return
    requests.request_on_node(
        *(tx, None, 'register', member.row),
        _params(pool, register=pool.register),
    )
    states.move_node(tx, member.uuid, 'updating')


def release(tx: db.Transaction, pool: models.Pool, member: Member) -> None:
    """Have a node unregistered and released.

    Its provisioner refuses that if it has an instance by then.
    """
    held = conditions.of_node(tx, member.row)
    if held.first(NO_RELEASE) is not None:
        return
    managed = member.row.managed_by is not None
    requests.request_release(tx, None, member.row, unregister=managed)
    store(tx, member, pools.LEAVING)


def store(tx: db.Transaction, member: Member, standing: str) -> None:
    """Store how a node stands, and since when."""
    if member.row.pool_state != standing:
        values = {'pool_state': standing, 'pool_state_at': tx.now()}
        tx.update(models.Node, values, uuid=member.uuid)


def give_up(tx: db.Transaction, pool: models.Pool, member: Member) -> None:
    """Have no other node made of hardware that does not become ready."""
    node = member.row
    system = _system(tx, node.uuid)
    if system is None or node.podm_uuid is None:
        return
    conditions.set_condition(
        *(tx, node.podm_uuid, ('system', system.uuid, system.name)),
        NOT_PROVIDED,
        message=f'The node {node.name} of the pool {pool.name} did not become '
        f'available: it is {member.state or node.provision_state}.',
        source='observed',
    )


def recover(tx: db.Transaction, uuids: list[str]) -> None:
    """End the conditions of nodes that became ready nonetheless."""
    for uuid in uuids:
        system = _system(tx, uuid)
        where = {'subject_uuid': system.uuid if system else ''}
        row = tx.get(models.Condition, code=NOT_PROVIDED, **where)
        if row is not None:
            conditions.unset(tx, row)


def _system(tx: db.Transaction, node_uuid: str) -> models.System | None:
    claims = tx.list(
        models.Allocation, only=('resource_uuid',), node_uuid=node_uuid
    )
    uuids = [row.resource_uuid for row in claims]
    return tx.list(models.System, uuid=uuids).first() if uuids else None
