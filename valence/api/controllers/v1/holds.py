# SPDX-License-Identifier: Apache-2.0
from valence import holds
from valence import quota
from valence.api import previews
from valence.api import query
from valence.api import render
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import hold_creation
from valence.api.controllers.v1 import node_bodies
from valence.api.controllers.v1 import node_creation
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db import shares
from valence.db.sqlalchemy import models


class Holds(base.Controller[models.Hold]):
    """Hardware that is kept for nodes, until a time."""

    def __init__(self) -> None:
        super().__init__(models.Hold)

    @base.verb(params=query.FIELDS, added=answers.HARDWARE)
    def show(self, call: base.Call) -> base.Answer:
        """Show a hold with the hardware that it still keeps."""
        fields = call.params['fields']
        with db.reader() as tx:
            row = self.find(tx, call)
            names = call.selected(self.object, fields)
            answer = render.record(row, names)
            if fields is None:
                answer |= _hardware(tx, call, row.uuid)
        return answer

    @base.verb(status=201, body=node_bodies.HOLD, added=answers.HARDWARE)
    def create(self, call: base.Call) -> base.Answer:
        """Hold hardware for nodes: by flavor, requirements or resources.

        A 409 says why nothing fits, as a preview does.
        """
        previews.authorize_choice(call)
        limits = quota.limits(call.context.project_id)
        with db.reader() as tx:
            values, request = node_creation.placement(tx, self, call)
        seconds = call.body['seconds']
        asked = hold_creation.requested(call, values, request, limits, seconds)
        answer = hold_creation.keep(call, asked)
        call.set_location('holds', answer['uuid'])
        with db.reader() as tx:
            return answer | _hardware(tx, call, answer['uuid'])

    @base.verb(body=node_bodies.EXTEND)
    def update(self, call: base.Call) -> base.Answer:
        """Have a hold expire so many seconds from now."""
        return self.render(call, _extend(self, call))

    @base.verb(status=204)
    def delete(self, call: base.Call) -> None:
        """Delete a hold; what it keeps is free again."""
        _delete(self, call)


def _hardware(tx: db.Transaction, call: base.Call, uuid: str) -> JsonObject:
    """What a hold keeps, as the caller sees it."""
    return {
        key: previews.hardware(tx, call, model, shares.held(model, uuid))
        for key, model in (
            ('systems', models.System),
            ('devices', models.Device),
        )
    }


@db.transaction
def _extend(
    tx: db.Transaction, controller: Holds, call: base.Call
) -> models.Hold:
    row = controller.find(tx, call)
    holds.extend(tx, row.uuid, call.body['seconds'])
    return tx.list(models.Hold, uuid=row.uuid).one()


@db.transaction
def _delete(tx: db.Transaction, controller: Holds, call: base.Call) -> None:
    holds.delete(tx, controller.find(tx, call).uuid)
