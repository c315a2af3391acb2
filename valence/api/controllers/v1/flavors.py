# SPDX-License-Identifier: Apache-2.0
from valence.api import previews
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import policy
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.objects.fields import Audience
from valence.scheduler import choices

_PUBLISH = 'composable:flavor:publish'


class Flavors(base.Controller[models.Flavor]):
    """Named hardware requirements."""

    def __init__(self) -> None:
        super().__init__(models.Flavor)

    @base.verb(answer=answers.CHOICES)
    def choices(self, call: base.Call) -> base.Answer:
        """Show which texts requirements can have, as some hardware has them.

        Members of projects see those of hardware that is free for them.
        """
        project_id = call.context.project_id
        with db.reader() as tx:
            if call.audience >= Audience.SYSTEM:
                return {'choices': choices.of_all(tx, project_id)}
            return {'choices': choices.of_project(tx, project_id)}

    @base.verb(status=201, body=types.CREATE)
    def create(self, call: base.Call) -> base.Answer:
        """Create a flavor, public or private to the project."""
        previews.authorize_choice(call)
        values = {
            **self.object.defaults(),
            # The default for callers who cannot publish is private.
            'is_public': policy.allows(call.context, _PUBLISH),
            **call.values,
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
        call.set_location('flavors', row.uuid)
        return self.render(call, row)

    @base.verb(body=types.UPDATE)
    def update(self, call: base.Call) -> base.Answer:
        """Change a flavor. Existing nodes do not change."""
        previews.authorize_choice(call)
        values = call.values
        if 'properties' in values:
            values['properties'] = requirements.normalize(values['properties'])
        return self.render(call, _update(self, call, values))

    @base.verb(status=204)
    def delete(self, call: base.Call) -> None:
        """Delete a flavor. Existing nodes do not change."""
        _delete(self, call)


def _own(
    tx: db.Transaction, controller: Flavors, call: base.Call
) -> models.Flavor:
    """The flavor, if the caller may change it."""
    row = controller.find(tx, call)
    if row.is_public:
        policy.authorize(call.context, _PUBLISH)
    return row


@db.transaction
def _create(tx: db.Transaction, values: JsonObject) -> models.Flavor:
    uuid = tx.create(models.Flavor, **values)
    return tx.list(models.Flavor, uuid=uuid).one()


@db.transaction
def _update(
    tx: db.Transaction,
    controller: Flavors,
    call: base.Call,
    values: JsonObject,
) -> models.Flavor:
    row = _own(tx, controller, call)
    if values:
        tx.update(models.Flavor, values, uuid=row.uuid)
    return tx.list(models.Flavor, uuid=row.uuid).one()


@db.transaction
def _delete(tx: db.Transaction, controller: Flavors, call: base.Call) -> None:
    tx.delete(models.Flavor, uuid=_own(tx, controller, call).uuid)
