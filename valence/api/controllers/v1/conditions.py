# SPDX-License-Identifier: Apache-2.0
from typing import Any

from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.objects import condition as objects
from valence.objects import fields

_MODELS: dict[str, Any] = {
    'pod_manager': models.PodManager,
    'rack': models.Chassis,
    'chassis': models.Chassis,
    'system': models.System,
    'device': models.Device,
}
_CREATE = types.Body(
    'c',
    added={
        'subject_id': fields.StringField(
            doc='UUID or name of what has the condition.',
            min_length=1,
            max_length=255,
        )
    },
)


class Conditions(base.Controller[models.Condition]):
    """What keeps hardware from being used, changed or released."""

    def __init__(self) -> None:
        super().__init__(models.Condition)

    @base.verb(status=201, body=_CREATE)
    def create(self, call: base.Call) -> base.Answer:
        """Set a condition, or replace the one with the same code."""
        row = _create(call)
        call.set_location('conditions', row.uuid)
        return self.render(call, row)

    @base.verb(status=204)
    def delete(self, call: base.Call) -> None:
        """Delete a condition: it has no effects any more."""
        _delete(self, call)


@db.transaction
def _create(tx: db.Transaction, call: base.Call) -> models.Condition:
    values = dict(call.values)
    kind, code = values.pop('subject'), values.pop('code')
    if code == objects.CRITICAL:
        raise exception.Invalid(
            field='code', reason='is set by Valence, see [conditions]'
        )
    if values.get('until') is not None and values['until'] <= tx.now():
        raise exception.Invalid(field='until', reason='must be in the future')
    row = _subject(tx, call, kind)
    uuid = conditions.set_condition(
        tx,
        row.uuid if kind == 'pod_manager' else row.podm_uuid,
        (kind, row.uuid, row.name),
        code,
        **{**values, 'user_id': call.context.user_id},
    )
    return tx.list(models.Condition, uuid=uuid).one()


def _subject(tx: db.Transaction, call: base.Call, kind: str) -> Any:
    """What the condition is of.

    :raises Invalid: when there is none.
    """
    extra = [models.Chassis.type == 'rack'] if kind == 'rack' else []
    model = _MODELS[kind]
    return base.find(
        tx,
        model,
        call.body['subject_id'],
        *call.visible(models.OBJECTS[model]),
        *extra,
        field='subject_id',
    )


@db.transaction
def _delete(
    tx: db.Transaction, controller: Conditions, call: base.Call
) -> None:
    conditions.unset(tx, controller.find(tx, call))
