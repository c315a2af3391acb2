# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

from valence.api import previews
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.common import policy
from valence.common.types import JsonObject
from valence.conductor import requests as conductor
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.objects.fields import Audience
from valence.objects.pool import REGISTRATION
from valence.scheduler import choices

_PUBLISH = 'composable:flavor:publish'
_TO_NOVA = types.Body(
    added={name: REGISTRATION[name] for name in ('resource_class', 'traits')},
    partial=True,
)


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

    @base.verb(status=202, body=_TO_NOVA, operation=True)
    def publish_to_nova(self, call: base.Call) -> base.Answer:
        """Create the flavor in Nova, or bring it up to date there.

        Its servers get nodes with the resource class and the traits, which
        are those that the nodes are registered with.
        """
        row, operation = _publish(self, call)
        return call.accept(operation, self.render(call, row))

    @base.verb(status=202, operation=True)
    def unpublish_from_nova(self, call: base.Call) -> base.Answer:
        """Delete the flavor in Nova, unless it is not one of this Valence."""
        row, operation = _unpublish(self, call)
        return call.accept(operation, self.render(call, row))


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
    row = _own(tx, controller, call)
    if row.published_at is not None and cfg.CONF.nova.auth_type:
        raise exception.Conflict(
            f'The flavor {row.name} is published in Nova: unpublish it first.'
        )
    tx.delete(models.Flavor, uuid=row.uuid)


@db.transaction
def _publish(
    tx: db.Transaction, controller: Flavors, call: base.Call
) -> tuple[models.Flavor, str]:
    """Request that a flavor is published; the UUID of the operation."""
    row = _lock(tx, controller, call)
    params = {
        'resource_class': call.body.get('resource_class'),
        'traits': list(dict.fromkeys(call.body.get('traits', ()))),
        'again': row.published_at is not None,
    }
    operation = _request(tx, call, row, 'publish', params)
    if row.published_at is None:
        values = {'published_at': tx.now()}
        tx.update(models.Flavor, values, uuid=row.uuid)
    return tx.list(models.Flavor, uuid=row.uuid).one(), operation


@db.transaction
def _unpublish(
    tx: db.Transaction, controller: Flavors, call: base.Call
) -> tuple[models.Flavor, str]:
    """Request that a flavor is not published; the UUID of the operation.

    :raises Conflict: if it is not published.
    """
    row = _lock(tx, controller, call)
    if row.published_at is None:
        raise exception.Conflict(f'The flavor {row.name} is not published.')
    return row, _request(tx, call, row, 'unpublish', {})


def _lock(
    tx: db.Transaction, controller: Flavors, call: base.Call
) -> models.Flavor:
    """The flavor, which concurrent requests to publish it wait for.

    :raises Conflict: if Nova is not configured.
    """
    if not cfg.CONF.nova.auth_type:
        raise exception.Conflict(
            'Nova is not configured: [nova] auth_type is not set.'
        )
    tx.lock(models.Flavor, controller.find(tx, call).uuid)
    return controller.find(tx, call)


def _request(
    tx: db.Transaction,
    call: base.Call,
    row: models.Flavor,
    action: str,
    params: JsonObject,
) -> str:
    """Request an operation that changes Nova.

    :raises Conflict: if another one is open.
    """
    return conductor.request(
        *(tx, call.context, action, 'flavors', row.uuid),
        lock_key=f'flavor:{row.uuid}',
        project_id=row.project_id,
        params=params,
    )
