# SPDX-License-Identifier: Apache-2.0
"""Choosing where a node is composed, from the database alone."""

import dataclasses
import random
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.scheduler import fitting

# Systems of about the same size are chosen from at random, so that requests
# that arrive together do not all run for the same one.
_AMONG = 8


@dataclasses.dataclass
class Choice:
    """Where a node is to be composed, and of what.

    :param resources: URIs of the parts, as the pod manager knows them.
    """

    podm_uuid: str
    system_uuid: str
    resources: list[str]


def choose(
    tx: db.Transaction,
    wanted: dict[str, Any],
    *,
    podm_uuid: str | None = None,
    refusals: Iterable[dict[str, Any]] = (),
) -> Choice:
    """The smallest free system that has what is wanted.

    :param wanted: requirements, as ``objects.requirements`` normalizes them.
    :param podm_uuid: look on this pod manager only.
    :param refusals: systems that turned out not to do, and why.
    :raises NoCapacity: telling for every pod manager why it is none there.
    """
    where: dict[str, Any] = {}
    if podm_uuid is not None:
        where['uuid'] = podm_uuid
    podms = tx.list(
        models.PodManager, order=[models.PodManager.name], **where
    ).all()
    shortages = {}
    usable = []
    for podm in podms:
        shortage = _unusable(podm)
        if shortage:
            shortages[podm.name] = shortage
        else:
            usable.append(podm)
    refusals = list(refusals)
    best = _best(tx, wanted, [podm.uuid for podm in usable], refusals)
    if best:
        system = random.choice(best)  # noqa: S311
        return Choice(system.podm_uuid, system.uuid, [system.resource_uri])
    for podm in usable:
        shortages[podm.name] = _shortage(tx, wanted, podm.uuid)
    for refusal in refusals:
        shortages[f'system {refusal["system"]}'] = refusal['reason']
    raise exception.NoCapacity(
        reason='; '.join(f'{name}: {why}' for name, why in shortages.items())
        or 'no pod manager is registered'
    )


def _unusable(podm: sa.Row[Any]) -> str | None:
    if podm.deleting_at is not None:
        return 'it is being removed'
    if podm.maintenance:
        return 'it is in maintenance'
    if podm.status != 'online':
        return f'it is offline ({podm.status_reason})'
    if podm.synced_at is None:
        return 'its inventory has not been read yet'
    return None


def _free(
    tx: db.Transaction, *conditions: sa.ColumnElement[bool], **kwargs: Any
) -> Any:
    system = models.System
    return tx.list(
        system,
        system.state == 'free',
        system.missing_since.is_(None),
        system.node_uuid.is_(None),
        *conditions,
        **kwargs,
    )


def _best(
    tx: db.Transaction,
    wanted: dict[str, Any],
    podm_uuids: list[str],
    refusals: list[dict[str, Any]],
) -> list[sa.Row[Any]]:
    """Those of the smallest systems that fit which are of one size."""
    system = models.System
    found: list[sa.Row[Any]] = []
    rows = _free(
        tx,
        system.podm_uuid.in_(podm_uuids),
        system.uuid.not_in([refusal['system'] for refusal in refusals]),
        *fitting.conditions(wanted),
        order=[
            system.cpu_cores,
            system.memory_mib,
            system.storage_gib,
            system.uuid,
        ],
    )
    for row in rows:
        if found and _size(row) != _size(found[0]):
            break
        if fitting.shortage(wanted, row) is None:
            found.append(row)
            if len(found) == _AMONG:
                break
    rows.close()
    return found


def _size(row: sa.Row[Any]) -> tuple[int, ...]:
    return row.cpu_cores, row.memory_mib, row.storage_gib


def _shortage(tx: db.Transaction, wanted: dict[str, Any], podm: str) -> str:
    """Why no system of a pod manager will do, in words."""
    rows = _free(tx, podm_uuid=podm).all()
    if not rows:
        return 'no system is free'
    reasons = [fitting.shortage(wanted, row) for row in rows]
    return f'none of {len(rows)} free systems fits: ' + ', '.join(
        sorted({reason for reason in reasons if reason})[:5]
    )


def claim(tx: db.Transaction, node_uuid: str, choice: Choice) -> None:
    """Claim what was chosen.

    :raises NoCapacity: when it is not free any more.
    :raises oslo_db.exception.DBDuplicateEntry: when somebody else has it.
    """
    tx.create(
        models.Allocation,
        resource_uuid=choice.system_uuid,
        node_uuid=node_uuid,
        podm_uuid=choice.podm_uuid,
    )
    if not tx.count(
        models.System,
        models.System.missing_since.is_(None),
        uuid=choice.system_uuid,
        state='free',
    ):
        raise exception.NoCapacity(
            reason=f'the system {choice.system_uuid} is not free any more'
        )
