# SPDX-License-Identifier: Apache-2.0
"""Which conditions keep new nodes away, for those who ask why not."""

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from valence.db import api as db
from valence.db import conditions
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.scheduler import explanation
from valence.scheduler import words
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request

# How many conditions a reason names.
_NAMED = 3


def named(tx: db.Transaction, request: Request) -> Request:
    """The request with the messages of the conditions of pod managers."""
    rows = conditions.active(tx, subject='pod_manager', keeps_away=True)
    messages = {row.uuid: row.message for row in rows}
    return dataclasses.replace(request, conditions=messages)


def explain(tx: db.Transaction, rejections: Iterable[Rejection]) -> None:
    """Have rejections name the conditions of hardware that would be free."""
    short = {
        one.podm_uuid: one
        for one in rejections
        if one.filter == explanation.CAPACITY
    }
    rows = {
        row.uuid: row
        for row in conditions.active(tx, keeps_away=True)
        if row.podm_uuid in short
    }
    counts = _counts(tx, sorted(rows))
    for podm_uuid, found in counts.items():
        known = [
            (rows[uuid], number)
            for uuid, number in sorted(
                found.items(), key=lambda one: (-one[1], one[0])
            )
        ]
        one = short[podm_uuid]
        texts = [
            f'{words.number(number, "part")} by {_where(row)}'
            for row, number in known[:_NAMED]
        ]
        more = len(known) - _NAMED
        if more > 0:
            texts.append(words.number(more, 'other condition'))
        one.kept_away = f'; kept away: {"; ".join(texts)}'
        one.user_kept_away = '; conditions keep hardware from use'
        said = [row.tenant_message for row, _ in known if row.tenant_message]
        if said:
            one.user_kept_away += (
                f': {"; ".join(dict.fromkeys(said[:_NAMED]))}'
            )
        one.reason += one.kept_away


def _where(row: models.Condition) -> str:
    kind = row.subject.replace('_', ' ')
    return f'{row.code} of the {kind} {row.subject_name}: {row.message}'


def _counts(tx: db.Transaction, uuids: list[str]) -> dict[str, dict[str, int]]:
    """How much would be free on pod managers, but for these conditions."""
    result: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for start, model in itertools.product(
        range(0, len(uuids), db.BATCH), shapes.MODELS
    ):
        query = (
            sa.select(model.podm_uuid, model.condition_uuid, sa.func.count())
            .where(
                model.condition_uuid.in_(uuids[start : start + db.BATCH]),
                model.node_uuid.is_(None),
                model.missing_since.is_(None),
                model.state == 'free',
            )
            .group_by(model.podm_uuid, model.condition_uuid)
        )
        for podm_uuid, condition, number in tx.connection.execute(query):
            result[podm_uuid][str(condition)] += number
    return result
