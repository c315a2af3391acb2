# SPDX-License-Identifier: Apache-2.0
from typing import Any

from valence.api.controllers.v1 import base
from valence.common import policy
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import requirements

_PUBLISH = 'composable:flavor:publish'


class Flavors(base.Controller[models.Flavor]):
    """Requirements under a name."""

    def __init__(self) -> None:
        super().__init__(models.Flavor)

    @base.verb(status=201, body='c')
    def create(self, call: base.Call) -> dict[str, Any]:
        """Create a flavor, public or of the project alone."""
        values = {
            **self.object.defaults(),
            # Who may not publish it means one of the project.
            'is_public': policy.allows(call.context, _PUBLISH),
            **call.values(self.object),
        }
        values['properties'] = requirements.normalize(values['properties'])
        if values['is_public']:
            policy.authorize(call.context, _PUBLISH)
            values.update(scope='', project_id=None)
        else:
            values.update(
                scope=call.context.scope, project_id=call.context.project_id
            )
        row = _create(values)
        call.locate('flavors', row.uuid)
        return self.render(call, row)

    @base.verb(body='u')
    def update(self, call: base.Call) -> dict[str, Any]:
        """Change a flavor. Nodes that were made by it stay as they are."""
        values = call.values(self.object)
        if 'properties' in values:
            values['properties'] = requirements.normalize(values['properties'])
        return self.render(call, _update(self, call, values))

    @base.verb(status=204)
    def delete(self, call: base.Call) -> None:
        """Delete a flavor. Nodes that were made by it stay as they are."""
        _delete(self, call)


def _own(
    tx: db.Transaction, controller: Flavors, call: base.Call
) -> models.Flavor:
    """The flavor, if it is the asker's to change."""
    row = controller.find(tx, call)
    if row.is_public:
        policy.authorize(call.context, _PUBLISH)
    return row


@db.transaction
def _create(tx: db.Transaction, values: dict[str, Any]) -> models.Flavor:
    uuid = tx.create(models.Flavor, **values)
    return tx.list(models.Flavor, uuid=uuid).one()


@db.transaction
def _update(
    tx: db.Transaction,
    controller: Flavors,
    call: base.Call,
    values: dict[str, Any],
) -> models.Flavor:
    row = _own(tx, controller, call)
    if values:
        tx.update(models.Flavor, values, uuid=row.uuid)
    return tx.list(models.Flavor, uuid=row.uuid).one()


@db.transaction
def _delete(tx: db.Transaction, controller: Flavors, call: base.Call) -> None:
    tx.delete(models.Flavor, uuid=_own(tx, controller, call).uuid)
