# SPDX-License-Identifier: Apache-2.0
"""The conditions that hold for a resource, in answers and as refusals."""

from collections.abc import Callable
from typing import TypeVar

from valence import objects
from valence.api import render
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.conditions import Holding
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.base import Table
from valence.objects import fields
from valence.objects.condition import SEEN_SUBJECTS
from valence.objects.condition import public_text
from valence.objects.fields import Audience

M = TypeVar('M', bound=Table)

_FIELDS = (
    *('uuid', 'subject', 'subject_uuid', 'subject_name', 'code', 'message'),
    *('tenant_message', 'effects', 'until', 'source'),
)
# What members see where they may see the subject, and where they may not.
_SEEN = ('subject', 'code', 'message', 'effects', 'until')
_UNSEEN = ('tenant_message', 'effects', 'until')

ADDED: dict[str, fields.Spec] = {
    'conditions': fields.ListField(
        items=types.closed_schema(objects.Condition, _FIELDS),
        doc='The conditions that hold for it: its own, and those of what '
        'contains it. Members of projects see only tenant_message, effects '
        'and until where they do not see the subject.',
    )
}


def shown(call: base.Call, holding: Holding) -> JsonObject:
    """What an answer has besides the resource."""
    return {'conditions': [_shown(call, row) for row in holding.rows]}


def _shown(call: base.Call, row: models.Condition) -> JsonObject:
    names: tuple[str, ...] = _FIELDS
    if call.audience < Audience.SYSTEM:
        is_seen = row.subject in SEEN_SUBJECTS
        names = _SEEN if is_seen else _UNSEEN
    return render.record(row, render.same(*names))


def show(
    controller: base.Controller[M],
    call: base.Call,
    holding: Callable[[db.Transaction, M], Holding],
) -> base.Answer:
    """Show a resource with the conditions that hold for it."""
    selection = call.params['fields']
    names = call.selected(controller.object, selection)
    with db.reader() as tx:
        row = controller.find(tx, call)
        answer = render.record(row, names)
        if selection is None:
            answer |= shown(call, holding(tx, row))
    return answer


def check(call: base.Call, holding: Holding, effect: str) -> None:
    """Refuse what a condition rules out.

    :raises Conflict: with its message.
    """
    row = holding.first(effect)
    if row is None:
        return
    reason = row.message
    if call.audience < Audience.SYSTEM:
        reason = public_text(row.subject, row.message, row.tenant_message)
    raise exception.Conflict(
        f'A condition of the hardware ({effect}) rules this out: {reason}'
    )
