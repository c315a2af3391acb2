# SPDX-License-Identifier: Apache-2.0
"""Conditions that follow from the health that hardware reports.

What flaps has no effects: a condition begins and ends when several looks in a
row, over some time, say so.
"""

import datetime
from collections.abc import Collection
from collections.abc import Iterable
from typing import NamedTuple

from oslo_config import cfg

from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Observed
from valence.objects import condition as objects

_MODELS: tuple[type[Observed], ...] = (
    models.Chassis,
    models.System,
    models.Device,
)


class _Sick(NamedTuple):
    """Hardware that reports to be critical."""

    subject: str
    name: str


def observe(
    tx: db.Transaction,
    podm_uuid: str,
    read: Collection[str] | None,
    now: datetime.datetime,
) -> None:
    """Take a look at hardware, and bring its conditions up to date.

    The caller has the lock of ``conditions``.

    :param read: UUIDs of the hardware that was read; None: all of it.
    """
    if cfg.CONF.conditions.observe:
        condition = models.Condition
        rows = tx.list(
            condition, podm_uuid=podm_uuid, code=objects.CRITICAL
        ).all()
        sick = dict(_sick(tx, podm_uuid))
        known = {row.subject_uuid for row in rows}
        _begin(tx, podm_uuid, sick, known, now)
        unseen = _unseen(tx, known)
        for row in rows:
            if row.subject_uuid not in unseen and (
                read is None or row.subject_uuid in read
            ):
                _look(tx, row, row.subject_uuid in sick, now)
    conditions.apply(tx, podm_uuid)


def _sick(tx: db.Transaction, podm_uuid: str) -> Iterable[tuple[str, _Sick]]:
    for model in _MODELS:
        names = [
            'uuid',
            'name',
            *(['type'] if model is models.Chassis else []),
        ]
        for row in tx.list(
            model,
            only=names,
            podm_uuid=podm_uuid,
            health='critical',
            missing_since=None,
        ):
            kind = models.OBJECTS[model].KIND
            if getattr(row, 'type', None) == 'rack':
                kind = 'rack'
            yield row.uuid, _Sick(kind, row.name)


def _unseen(tx: db.Transaction, uuids: Collection[str]) -> set[str]:
    """The hardware of which it is not known how it is."""
    return {
        row.uuid
        for model in _MODELS
        if uuids
        for row in tx.list(model, only=('uuid',), uuid=list(uuids), stale=True)
    }


def _begin(
    tx: db.Transaction,
    podm_uuid: str,
    sick: dict[str, _Sick],
    known: Collection[str],
    now: datetime.datetime,
) -> None:
    at_once = _is_confirmed(1, now, now)
    tx.create_many(
        models.Condition,
        [
            {
                'podm_uuid': podm_uuid,
                'subject': one.subject,
                'subject_uuid': uuid,
                'subject_name': one.name,
                'code': objects.CRITICAL,
                'message': f'The {one.subject} {one.name} reports that its '
                f'health is critical.',
                'tenant_message': 'The hardware reports a critical fault.',
                'effects': [objects.NO_NEW_NODES],
                'keeps_away': True,
                'source': 'observed',
                'state': 'active' if at_once else 'pending',
                'looks': 0 if at_once else 1,
                'contradicted_at': None if at_once else now,
            }
            for uuid, one in sick.items()
            if uuid not in known
        ],
    )


def _look(
    tx: db.Transaction,
    row: models.Condition,
    is_sick: bool,
    now: datetime.datetime,
) -> None:
    """Confirm a condition, or that it is over."""
    model, is_active = models.Condition, row.state == 'active'
    calm: dict[str, object] = {'looks': 0, 'contradicted_at': None}
    if is_active == is_sick:
        if not is_sick:
            tx.delete(model, uuid=row.uuid)
        elif row.looks:
            tx.update(model, calm, uuid=row.uuid)
        return
    since, looks = row.contradicted_at or now, row.looks + 1
    if not _is_confirmed(looks, since, now):
        values = {'looks': looks, 'contradicted_at': since}
        tx.update(model, values, uuid=row.uuid)
    elif is_sick:
        tx.update(model, {'state': 'active', **calm}, uuid=row.uuid)
    else:
        tx.delete(model, uuid=row.uuid)


def _is_confirmed(
    looks: int, since: datetime.datetime, now: datetime.datetime
) -> bool:
    options = cfg.CONF.conditions
    lasted = (now - since).total_seconds()
    return bool(looks >= options.looks and lasted >= options.damping)
