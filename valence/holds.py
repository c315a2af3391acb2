# SPDX-License-Identifier: Apache-2.0
"""Holds: hardware that is kept for nodes of a project, until a time.

A hold has a place for each node: a system, and its devices. What it keeps is
allocated to it, and to a node when that uses a place. Whoever changes a hold
locks its row: so a place is either used in time, or has expired.
"""

import dataclasses
from collections.abc import Iterable
from typing import cast

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_utils import uuidutils

from valence import objects
from valence import quota
from valence import reservations
from valence.common import exception
from valence.common.types import HeldPlace
from valence.common.types import JsonObject
from valence.db import allocations
from valence.db import api as db
from valence.db import checks
from valence.db import counters
from valence.db import shares
from valence.db import usage as spans
from valence.db.sqlalchemy import models
from valence.objects.hold import ACTIVE
from valence.scheduler import ranking
from valence.scheduler.request import Choice
from valence.scheduler.request import Request


class HoldExpired(exception.Conflict):
    """The time of a hold is over."""

    message = 'The hold %(name)s has expired.'


# Each lost race was won by somebody: it is not lost so often.
_ATTEMPTS = 100
# How many holds one transaction ends.
_BATCH = 20


@dataclasses.dataclass(frozen=True)
class HoldRequest:
    """What to hold.

    :param values: columns of the hold.
    :param request: the hardware for each node.
    :param limits: those of the project.
    """

    values: JsonObject
    request: Request
    seconds: int
    limits: dict[str, int]

    @property
    def count(self) -> int:
        """For how many nodes."""
        count: int = self.values['count']
        return count

    def suits(self, tx: db.Transaction, choices: Iterable[Choice]) -> bool:
        """Whether hardware is within the limits at present."""
        if not self.limits:
            return True
        charge = _charge(tx, map(_place, choices))
        project_id = self.request.project_id
        return not quota.shortages(tx, project_id, self.limits, charge)


def keep(asked: HoldRequest, shown: Choice | None = None) -> str:
    """Hold hardware; returns the UUID of the hold.

    :param shown: what to hold, if it is still free.
    :raises NoCapacity: when there is none.
    :raises OverLimit: when the project may not hold so much.
    :raises Duplicate: when it has a hold of this name.
    """
    _check_seconds(asked.seconds)
    quota.create_lock(asked.request.project_id)
    for _ in range(_ATTEMPTS):
        choices, shown = _choose(asked, shown), None
        try:
            return _keep(asked, choices)
        except (exception.LostRace, db_exception.DBDuplicateEntry):
            continue
    raise exception.LostRace()


def _choose(asked: HoldRequest, shown: Choice | None) -> list[Choice]:
    """Choose hardware for all nodes, without a lock on anything.

    :param shown: that of the first node, if it is chosen already.
    :raises NoCapacity: which says for how many there is hardware.
    """
    choices = [shown] if shown else []
    with db.reader() as tx:
        while len(choices) < asked.count:
            choices.append(_choose_another(tx, asked, choices))
    return choices


def _choose_another(
    tx: db.Transaction, asked: HoldRequest, choices: list[Choice]
) -> Choice:
    """Choose hardware for one more node than has some."""
    request = dataclasses.replace(asked.request, chosen=tuple(choices))
    try:
        return ranking.choose(
            tx, request, lambda one: asked.suits(tx, [*choices, one])
        )
    except exception.NoCapacity as exc:
        if not choices:
            raise
        enough = f' (there is enough for {len(choices)} of {asked.count})'
        error = exception.NoCapacity(f'{exc}{enough}', **exc.values)
        error.nearest = exc.nearest
        error.user_message = f'{exc.user_message}{enough}'
        raise error from exc


def _check_seconds(seconds: int) -> None:
    if seconds > cfg.CONF.hold.max_seconds:
        raise exception.Invalid(
            field='seconds',
            reason=f'must be {cfg.CONF.hold.max_seconds} at most',
        )


@db.transaction
def _keep(
    tx: db.Transaction, asked: HoldRequest, choices: list[Choice]
) -> str:
    """Hold hardware for all nodes, or for none.

    :raises LostRace: when some of it is no longer free.
    """
    # Until the transaction ends, the project gets no other hold.
    quota.lock(tx, asked.request.project_id)
    _check_name(tx, asked)
    _check_number(tx, asked)
    uuid = _create(tx, asked)
    places = [_give(tx, asked, uuid, choice) for choice in choices]
    reservations.create(tx, uuid, asked.values['name'], places)
    podms = {place['podm_uuid'] for place in places}
    charge = _charge(tx, places)
    quota.enforce_hardware(
        *(tx, asked.request.project_id, asked.limits),
        charge._replace(holds=1),
    )
    tx.update(
        models.Hold,
        {
            'state': ACTIVE,
            'remaining': len(places),
            'places': places,
            'podm_uuid': podms.pop() if len(podms) == 1 else None,
            **charge.columns(),
        },
        uuid=uuid,
    )
    _record(tx, uuid, places)
    return uuid


def _create(tx: db.Transaction, asked: HoldRequest) -> str:
    """Create a hold that has nothing yet; its UUID."""
    return tx.create(
        models.Hold,
        # It does not count until it has something.
        **{**objects.Hold.defaults(), **asked.values, 'state': 'used'},
        remaining=0,
        places=[],
        request={
            'pod_manager': asked.request.podm_uuid,
            'resources': list(asked.request.resources),
            'affinity': asked.request.affinity,
        },
        expires_at=tx.in_seconds(asked.seconds),
    )


def _check_name(tx: db.Transaction, asked: HoldRequest) -> None:
    """Give the name of a hold that has ended to another one."""
    where = {name: asked.values[name] for name in ('scope', 'name')}
    row = tx.get(models.Hold, **where)
    if row is None:
        return
    if not has_ended(tx, row):
        raise exception.Duplicate(kind='hold', field='name')
    delete(tx, row.uuid)


def _check_number(tx: db.Transaction, asked: HoldRequest) -> None:
    most = cfg.CONF.hold.max_per_project
    used = tx.count(
        models.Hold,
        models.Hold.expires_at > tx.now(),
        project_id=asked.request.project_id,
        state=ACTIVE,
    )
    if used >= most:
        raise exception.OverLimit(
            reason=f'holds: the limit is {most}, {used} in use'
        )


def _give(
    tx: db.Transaction, asked: HoldRequest, uuid: str, choice: Choice
) -> HeldPlace:
    """Allocate hardware to a hold."""
    systems, devices = [choice.system_uuid], list(choice.devices)
    project_id = asked.request.project_id
    checks.check_free(tx, systems, devices, project_id)
    allocations.give(
        *(tx, choice.podm_uuid, {'hold_uuid': uuid}),
        *([*systems, *devices], project_id),
    )
    return _place(choice)


def _place(choice: Choice) -> HeldPlace:
    found = {**vars(choice), 'node_uuid': uuidutils.generate_uuid()}
    return cast(HeldPlace, found)


def _uuids(place: HeldPlace) -> list[str]:
    return [place['system_uuid'], *place['devices']]


def _charge(tx: db.Transaction, places: Iterable[HeldPlace]) -> quota.Charge:
    """What places are charged; a shared device by each of them."""
    charges = [quota.of_resources(tx, _uuids(place)) for place in places]
    sums = map(sum, zip(*charges, strict=True))
    return quota.Charge(*sums) if charges else quota.Charge()


def _record(
    tx: db.Transaction, uuid: str, places: Iterable[HeldPlace]
) -> None:
    """Record what a hold is charged from now on."""
    parts = [one for place in places for one in spans.held(tx, _uuids(place))]
    spans.replace(tx, {'hold_uuid': uuid}, parts)


def has_ended(tx: db.Transaction, row: models.Hold) -> bool:
    """Whether a hold keeps nothing any more, or nobody may use it."""
    return row.state != ACTIVE or row.expires_at <= tx.now()


def lock(tx: db.Transaction, uuid: str) -> models.Hold:
    """A hold that nobody else changes until the transaction ends.

    :raises HoldExpired: when its time is over.
    :raises Conflict: when it was used up, or deleted.
    """
    tx.lock(models.Hold, uuid)
    row = tx.get(models.Hold, uuid=uuid)
    if row is None:
        raise exception.Conflict(f'The hold {uuid} was deleted.')
    if row.state == 'used':
        raise exception.Conflict(f'The hold {row.name} is used up.')
    if has_ended(tx, row):
        raise HoldExpired(name=row.name)
    return row


def use(tx: db.Transaction, row: models.Hold, node_uuid: str) -> None:
    """Give the first place of a hold to a node, which is charged for it.

    :param row: the hold; the transaction has locked it.
    """
    place, *rest = row.places
    uuids = _uuids(place)
    checks.check_conditions(tx, uuids)
    moved = allocations.update(
        tx,
        {'node_uuid': node_uuid, 'hold_uuid': None},
        hold_uuid=row.uuid,
        resource_uuid=uuids,
    )
    moved += shares.move(tx, row.uuid, node_uuid, uuids)
    if moved != len(uuids):
        raise exception.LostRace()
    _store(tx, row.uuid, rest, 'used')
    quota.recharge(tx, node_uuid)


def _store(
    tx: db.Transaction, uuid: str, places: list[HeldPlace], end: str
) -> None:
    """Store what a hold has left, and charges.

    :param end: its state if that is nothing.
    """
    over = {} if places else {'state': end, 'ended_at': tx.now()}
    tx.update(
        models.Hold,
        {
            'places': places,
            'remaining': len(places),
            **_charge(tx, places).columns(),
            **over,
        },
        uuid=uuid,
    )
    _record(tx, uuid, places)
    reservations.wake(tx, uuid)


def extend(tx: db.Transaction, uuid: str, seconds: int) -> None:
    """Have a hold expire so many seconds from now.

    :raises HoldExpired: when it has expired.
    """
    _check_seconds(seconds)
    lock(tx, uuid)
    tx.update(models.Hold, {'expires_at': tx.in_seconds(seconds)}, uuid=uuid)


def delete(tx: db.Transaction, uuid: str) -> None:
    """Delete a hold; what it keeps is free again."""
    allocations.take_back(tx, hold_uuid=uuid)
    _record(tx, uuid, ())
    reservations.wake(tx, uuid)
    tx.delete(models.Hold, uuid=uuid)


@db.transaction
def sweep(tx: db.Transaction) -> int:
    """Free what some holds keep whose time is over; how many holds."""
    hold = models.Hold
    found = tx.connection.execute(
        sa.select(hold.uuid)
        .where(hold.state == ACTIVE, hold.expires_at <= tx.now())
        .order_by(hold.expires_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    uuids = sorted(found.scalars())
    for uuid in uuids:
        allocations.take_back(tx, hold_uuid=uuid)
        _store(tx, uuid, [], 'expired')
    return len(uuids)


def of_pod_manager(tx: db.Transaction, podm_uuid: str) -> list[models.Hold]:
    """The holds that keep hardware of a pod manager."""
    found: set[str] = set()
    for model in (models.Allocation, models.Share):
        column = model.__table__.c.hold_uuid
        found.update(
            tx.connection.execute(
                sa.select(column).where(
                    column.is_not(None),
                    model.__table__.c.podm_uuid == podm_uuid,
                )
            ).scalars()
        )
    order = [models.Hold.uuid]
    return [*tx.list(models.Hold, uuid=sorted(found), order=order)]


def forget(tx: db.Transaction, podm_uuid: str) -> None:
    """Have no hold keep anything of a pod manager, which is deleted."""
    for row in of_pod_manager(tx, podm_uuid):
        allocations.take_back(tx, hold_uuid=row.uuid, podm_uuid=podm_uuid)
        left = [one for one in row.places if one['podm_uuid'] != podm_uuid]
        _store(tx, row.uuid, left, 'expired')
    # Its counters end with it.
    tx.deferred(counters.Changes).flush()
