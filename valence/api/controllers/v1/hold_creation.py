# SPDX-License-Identifier: Apache-2.0
"""Requests that hold hardware."""

from collections.abc import Collection

from oslo_utils import uuidutils

from valence import holds
from valence import objects
from valence.api import previews
from valence.api import render
from valence.api.controllers.v1 import base
from valence.common import exception
from valence.common import policy
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.scheduler.request import Choice
from valence.scheduler.request import Request

_CREATE = 'composable:hold:create'


def requested(
    call: base.Call,
    values: JsonObject,
    request: Request,
    limits: dict[str, int],
    seconds: int,
) -> holds.HoldRequest:
    """What a request asks to hold.

    :param values: columns of the hold that are known.
    """
    columns = {
        'count': 1,
        'scope': call.context.scope,
        'project_id': call.context.project_id,
        'user_id': call.context.user_id,
        **values,
    }
    if request.resources and columns['count'] > 1:
        raise exception.Invalid(
            field='count', reason='must be 1 with exact resources'
        )
    return holds.HoldRequest(columns, request, seconds, limits)


def previewed(
    call: base.Call,
    values: JsonObject,
    request: Request,
    limits: dict[str, int],
) -> holds.HoldRequest:
    """What a preview asks to hold.

    :param values: columns of the node that is previewed.
    """
    policy.authorize(call.context, _CREATE)
    hold = call.body['hold']
    name = hold.get('name') or f'preview-{uuidutils.generate_uuid()[:8]}'
    known = {n: v for n, v in values.items() if n in objects.Hold.fields}
    columns = {**known, 'name': name}
    return requested(call, columns, request, limits, hold['seconds'])


def keep(
    call: base.Call, asked: holds.HoldRequest, choices: Collection[Choice] = ()
) -> base.Answer:
    """Hold hardware; returns the hold as the caller sees it.

    :param choices: those that are shown, best first; the first is held if it
        is still free.
    """
    shown = next(iter(choices), None)
    with previews.explaining(call, asked.request):
        uuid = holds.keep(asked, shown)
    row = db.get(models.Hold, uuid=uuid)
    if row is None:
        raise exception.Conflict(f'The hold {uuid} was deleted.')
    return render.record(row, call.shown(objects.Hold))
