# SPDX-License-Identifier: Apache-2.0
from valence import objects
from valence.api import query
from valence.api import render
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.conductor import requests as conductor
from valence.db import api as db
from valence.db.sqlalchemy import models


class Operations(base.Controller[models.Operation]):
    """Asynchronous changes of hardware."""

    def __init__(self) -> None:
        super().__init__(models.Operation)

    @base.verb(params=query.FIELDS, added={'steps': answers.STEPS})
    def show(self, call: base.Call) -> base.Answer:
        """Show an operation with the journal of its steps."""
        fields = call.params['fields']
        names = call.selected(self.object, fields)
        with db.reader() as tx:
            operation = self.find(tx, call)
            steps = tx.list(
                models.OperationStep,
                order=[models.OperationStep.n],
                operation_uuid=operation.uuid,
            ).all()
        answer = render.record(operation, names)
        if fields is None:
            journal = call.shown(objects.OperationStep)
            answer['steps'] = [render.record(row, journal) for row in steps]
        return answer

    @base.verb(status=202, operation=True)
    def delete(self, call: base.Call) -> base.Answer:
        """Cancel an operation; completed steps are undone."""
        uuid = _cancel(self, call)
        row = db.get(models.Operation, uuid=uuid)
        return call.accept(uuid, {} if row is None else self.render(call, row))


@db.transaction
def _cancel(
    tx: db.Transaction, controller: Operations, call: base.Call
) -> str:
    row = controller.find(tx, call)
    conductor.cancel(tx, row)
    return row.uuid
