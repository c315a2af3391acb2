# SPDX-License-Identifier: Apache-2.0
"""What callers see of hardware that nodes and holds have, or cannot get.

Members of projects see no hardware but their own.
"""

import contextlib
import itertools
from collections import Counter
from collections.abc import Collection
from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Iterator

import sqlalchemy as sa

from valence import objects
from valence.api import render
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.common import exception
from valence.common import policy
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db import scan
from valence.db.sqlalchemy import models
from valence.objects import parts
from valence.objects import requirements
from valence.objects.fields import Audience
from valence.scheduler import explanation
from valence.scheduler import ranking
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request

CHOOSE = 'composable:node:choose'
_COMPONENTS = ('processors', 'memory_modules', 'drives', 'nics')


def authorize_choice(call: base.Call) -> None:
    """Let only those name exact parts who may choose them.

    Whoever could ask for serial numbers would learn which ones there are.

    :raises Forbidden: for all others.
    """
    properties = call.body.get('properties') or {}
    if call.body.get('resources') or requirements.serials(properties):
        policy.authorize(call.context, CHOOSE)


def hardware(
    tx: db.Transaction,
    call: base.Call,
    model: type[models.System] | type[models.Device],
    condition: sa.ColumnElement[bool],
) -> list[JsonObject]:
    """The hardware of one kind that a node or a hold has."""
    cls = models.OBJECTS[model]
    shown = call.shown(cls)
    names = {name: shown[name] for name in answers.SHOWN[cls] if name in shown}
    rows = tx.list(
        model,
        condition,
        only=render.columns(names),
        order=[model.name, model.uuid],
    )
    found = [render.record(row, names) for row in rows]
    if 'resource_uri' not in names:
        for component in itertools.chain.from_iterable(
            one.get(field) or () for one in found for field in _COMPONENTS
        ):
            for name in parts.PRIVATE:
                component.pop(name, None)
    return found


def names(tx: db.Transaction, call: base.Call) -> dict[str, str]:
    """The names of the pod managers that the caller can see, by UUID."""
    podms = scan.rows(
        tx,
        models.PodManager,
        *call.visible(objects.PodManager),
        only=('uuid', 'name'),
    )
    return {row.uuid: row.name for row in podms}


def rejections(
    call: base.Call,
    request: Request,
    found: Iterable[Rejection],
    unlisted: Collection[str],
    visible: Container[str],
) -> JsonObject:
    """Why pod managers cannot satisfy a request.

    :param unlisted: the UUIDs of those that have no rejection.
    :param visible: the UUIDs of the pod managers that the caller can see.
    """
    chooses = policy.allows(call.context, CHOOSE)
    listed: list[JsonObject] = []
    counts: Counter[str] = Counter()
    more = sum(uuid in visible for uuid in unlisted)
    for one in found:
        if one.podm_uuid not in visible:
            continue
        counts[one.filter] += 1
        if counts[one.filter] > ranking.LISTED:
            more += 1
        else:
            shown = _rejection(one) if chooses else _user(request, one)
            listed.append(shown | _met(request, one))
    return {'rejections': listed, 'unlisted': more}


def _rejection(rejection: Rejection) -> JsonObject:
    # Of a thousand, copies would take longer than all else.
    shown = vars(rejection)
    return {n: v for n, v in shown.items() if n not in answers.INTERNAL}


def _met(request: Request, rejection: Rejection) -> JsonObject:
    """What is met of the request, where something else is not."""
    if rejection.filter != explanation.CAPACITY:
        return {}
    met, unmet = explanation.split(request, rejection)
    return {'met': met, 'unmet': unmet}


def _user(request: Request, rejection: Rejection) -> JsonObject:
    """The same for members, who do not see the hardware that there is."""
    return {
        'podm_uuid': rejection.podm_uuid,
        'name': rejection.name,
        'filter': rejection.filter,
        'reason': explanation.user_reason(request, rejection),
    }


@contextlib.contextmanager
def explaining(call: base.Call, request: Request) -> Iterator[None]:
    """Have the error of a request say why nothing is free, as a preview."""
    try:
        yield
    except exception.Conflict as exc:
        raise _explained(call, request, exc) from exc
    except exception.OverLimit as exc:
        raise _for_caller(call, exc) from exc


def _explained(
    call: base.Call, request: Request, exc: exception.Conflict
) -> exception.ValenceException:
    shown = _for_caller(call, exc)
    if isinstance(exc, exception.NoCapacity):
        with db.reader() as tx:
            visible = names(tx, call)
        shown.details = rejections(
            call,
            request,
            exc.values.get('rejections', ()),
            exc.values.get('unlisted', ()),
            visible,
        )
    return shown


def _for_caller(
    call: base.Call, exc: exception.ValenceException
) -> exception.ValenceException:
    """The error with the text for members, if the caller is one."""
    if call.audience >= Audience.SYSTEM or exc.user_message is None:
        return exc
    return type(exc)(exc.user_message)
