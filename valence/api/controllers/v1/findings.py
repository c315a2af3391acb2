# SPDX-License-Identifier: Apache-2.0
from valence import objects
from valence import quota
from valence.api.controllers.v1 import adoption
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import node_creation
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.common import rpc
from valence.common.types import JsonObject
from valence.conductor import requests as conductor
from valence.conductor.inventory import drift
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import fields
from valence.objects.node import CHANGED_HARDWARE

_UNTIL = fields.DateTimeField(
    doc='When the finding opens again, if it is still so; null: never.',
    nullable=True,
)


def _parameters(doc: str, **properties: fields.Spec) -> fields.ObjectField:
    return fields.ObjectField(
        doc=doc,
        inner={
            'properties': {
                name: field.input_schema()
                for name, field in properties.items()
            },
            'additionalProperties': False,
        },
    )


_ACTION = types.Body(
    added={
        'adopt': _parameters(
            'Make the hardware a node. The default of both is what the '
            'finding shows of a former node; else the name is required, and '
            'the project is that of the request.',
            name=objects.Node.fields['name'],
            project_id=fields.StringField(
                doc='Project that the node is for.',
                max_length=255,
                format='project-id',
            ),
        ),
        'release': _parameters('Release the hardware on the pod manager.'),
        'forget': _parameters('Close the finding, until it changes.'),
        'accept': _parameters(
            'Hide the finding for a time. What is service_changed is over: '
            'requests are sent to the service again. A node with '
            'changed_hardware is what was found from now on, and active '
            'again, unless that has another mark.',
            until=_UNTIL,
        ),
    },
    partial=True,
    keywords={'minProperties': 1, 'maxProperties': 1},
)


class Findings(base.Controller[models.Finding]):
    """Hardware that should not be there, or is missing."""

    def __init__(self) -> None:
        super().__init__(models.Finding)

    @base.verb(body=_ACTION, operation=True)
    def action(self, call: base.Call) -> base.Answer:
        """Perform one action: adopt, release, forget or accept.

        The status is 202 if an operation performs it.
        """
        ((name, params),) = call.body.items()
        row, operation = _perform(self, call, name, params)
        answer = self.render(call, row)
        if operation is not None:
            return call.accept(operation, answer)
        rpc.wake()
        return answer


def _perform(
    controller: Findings, call: base.Call, name: str, params: JsonObject
) -> tuple[models.Finding, str | None]:
    """Perform an action; the finding, and the operation if there is one."""
    if name == 'adopt':
        with db.reader() as tx:
            project_id = _project(call, controller.find(tx, call), params)
        limits = quota.limits(project_id)
        return _adopt(controller, call, params, project_id, limits)
    if name == 'release':
        return _release(controller, call)
    values: JsonObject = {'state': 'forgotten', 'accepted_until': None}
    if name == 'accept':
        values = {'state': 'accepted', 'accepted_until': _until(params)}
    return _hide(controller, call, name, values), None


def _project(
    call: base.Call, finding: models.Finding, params: JsonObject
) -> str | None:
    given: str | None = params.get('project_id')
    return given or finding.project_id or call.context.project_id


def _until(params: JsonObject) -> object:
    """The time until which a finding is hidden.

    :raises Invalid: if that is over.
    """
    text = params.get('until')
    if text is None:
        return None
    until = _UNTIL.from_text(text)
    if until <= db.now():
        raise exception.Invalid(
            field='accept.until', reason='must be in the future'
        )
    return until


@db.transaction
def _adopt(
    tx: db.Transaction,
    controller: Findings,
    call: base.Call,
    params: JsonObject,
    project_id: str | None,
    limits: dict[str, int],
) -> tuple[models.Finding, str | None]:
    row, podm = _on_pod_manager(tx, controller, call, 'adopt')
    former = row.name if row.kind == 'left_behind' else None
    name = params.get('name') or former
    if not name:
        raise exception.Invalid(field='adopt.name', reason='is required')
    node, operation = adoption.request(
        tx,
        call.context,
        adoption.Adoption(podm, str(row.resource_uri), name, project_id, row),
        limits,
    )
    tx.update(models.Finding, {'node_uuid': node}, uuid=row.uuid)
    return tx.list(models.Finding, uuid=row.uuid).one(), operation


@db.transaction
def _release(
    tx: db.Transaction, controller: Findings, call: base.Call
) -> tuple[models.Finding, str | None]:
    row, podm = _on_pod_manager(tx, controller, call, 'release')
    node_creation.check_reachable(podm, call.context)
    operation = conductor.request_repair(tx, call.context, row, confirmed=True)
    return tx.list(models.Finding, uuid=row.uuid).one(), operation


@db.transaction
def _hide(
    tx: db.Transaction,
    controller: Findings,
    call: base.Call,
    name: str,
    values: JsonObject,
) -> models.Finding:
    row = controller.find(tx, call)
    adoption.check_action(row, name)
    if row.kind == 'service_changed':
        values = {**values, 'accepted_until': None, 'open_key': None}
        if row.subject == row.podm_uuid:
            _accept_service(tx, call, row)
    if name == 'accept' and row.kind == 'changed_hardware':
        values |= _accept_hardware(tx, call, row, values)
    tx.update(models.Finding, values, uuid=row.uuid)
    return tx.list(models.Finding, uuid=row.uuid).one()


def _accept_hardware(
    tx: db.Transaction,
    call: base.Call,
    row: models.Finding,
    values: JsonObject,
) -> JsonObject:
    """Have a node be the hardware that was found in its place.

    :param values: what hides the finding.
    :returns: what else the finding becomes; empty if the node has no
        such fault.
    :raises Invalid: if it is to be hidden for a time only.
    :raises Conflict: when the hardware cannot be the node.
    """
    uuid = str(row.node_uuid)
    conductor.lock_node(tx, uuid)
    node = tx.get(models.Node, uuid=uuid, fault=CHANGED_HARDWARE)
    if node is None:
        return {}
    if values['accepted_until'] is not None:
        raise exception.Invalid(
            field='accept.until', reason='the node is changed for good'
        )
    for operation in conductor.open_operations(tx, uuid):
        raise conductor.in_progress(operation)
    drift.accept(tx, node, row)
    _sync(tx, call, str(row.podm_uuid))
    return {'state': 'resolved', 'open_key': None}


def _accept_service(
    tx: db.Transaction, call: base.Call, row: models.Finding
) -> None:
    """Have requests sent to a service that was replaced.

    Its inventory is read; nodes whose hardware is not there are lost.
    """
    uuid = str(row.podm_uuid)
    values = {'service_uuid': row.details['service_uuid']}
    tx.update(models.PodManager, values, uuid=uuid)
    _sync(tx, call, uuid)


def _sync(tx: db.Transaction, call: base.Call, podm_uuid: str) -> None:
    """Have the inventory of a pod manager read, unless it is already."""
    if tx.get(models.Operation, lock_key=f'sync:{podm_uuid}') is None:
        conductor.request_sync(tx, call.context, podm_uuid)


def _on_pod_manager(
    tx: db.Transaction, controller: Findings, call: base.Call, name: str
) -> tuple[models.Finding, models.PodManager]:
    """A finding that an action fits, and its pod manager."""
    row = controller.find(tx, call)
    adoption.check_action(row, name)
    podm = tx.get(models.PodManager, uuid=row.podm_uuid)
    if podm is None:
        raise exception.Conflict(
            f'The pod manager of the finding {row.uuid} was removed: register '
            f'it again first.'
        )
    return row, podm
