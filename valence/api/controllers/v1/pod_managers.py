# SPDX-License-Identifier: Apache-2.0
import urllib.parse

import sqlalchemy as sa

from valence import holds
from valence import objects
from valence.api import query
from valence.api import render
from valence.api import topology
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import standing
from valence.api.controllers.v1 import types
from valence.common import context
from valence.common import exception
from valence.common import identity
from valence.common import rpc
from valence.common import schemas
from valence.common import secrets
from valence.common.types import JsonObject
from valence.conductor import requests as conductor
from valence.conductor.inventory import findings as conductor_findings
from valence.db import api as db
from valence.db import capacity
from valence.db import conditions
from valence.db import tags
from valence.db.sqlalchemy import models
from valence.objects import fields
from valence.objects.condition import NO_RELEASE
from valence.objects.fields import Audience
from valence.podmanagers import loader
from valence.podmanagers.wire import networks

_TYPE = 'pod_managers'
# Scheme, host and port.
_Origin = tuple[str, str | None, int | None]
_URLS = ('url', 'proxy_url', 'hardware_url')
_DELETE_PARAMS: dict[str, fields.Spec] = {
    'cascade': fields.BooleanField(
        doc='Whether the nodes of the pod manager are deleted too.',
        default=False,
    ),
    'unregister': fields.BooleanField(
        doc='Whether nodes are removed from Ironic first; otherwise '
        'registered nodes prevent the deletion.',
        default=False,
    ),
    'force': fields.BooleanField(
        doc='Whether nodes that are not released within [conductor] '
        'force_timeout are deleted from the database only; findings show what '
        'is left behind. An operation that deletes the pod manager goes on by '
        'force. Has an effect with cascade only.',
        default=False,
    ),
}


class PodManagers(base.Controller[models.PodManager]):
    """Controllers of pooled hardware."""

    def __init__(self) -> None:
        super().__init__(models.PodManager)

    @base.verb(
        params=query.FIELDS,
        added={'capacity': answers.CAPACITY, **standing.ADDED},
    )
    def show(self, call: base.Call) -> base.Answer:
        """Show a pod manager with its capacity and its conditions."""
        selection = call.params['fields']
        names = call.selected(self.object, selection)
        with db.reader() as tx:
            row = self.find(tx, call)
            answer = render.record(row, names)
            if selection is None:
                answer |= standing.shown(call, conditions.of_podm(tx, row))
                if call.audience >= Audience.SYSTEM:
                    answer['capacity'] = capacity.of_pod_manager(tx, row.uuid)
        return answer

    @base.verb(answer={'topology': answers.TOPOLOGY})
    def topology(self, call: base.Call) -> base.Answer:
        """Show the hardware of a pod manager as a tree of chassis."""
        with db.reader() as tx:
            row = self.find(tx, call)
            return {'topology': topology.tree(tx, row.uuid)}

    @base.verb(status=201, body=types.CREATE)
    def create(self, call: base.Call) -> base.Answer:
        """Register a pod manager. It is offline until first contact."""
        row = _create(call.context, _columns(call))
        rpc.wake()
        call.set_location(_TYPE, row.uuid)
        return self.render(call, row)

    @base.verb(body=types.UPDATE)
    def update(self, call: base.Call) -> base.Answer:
        """Change a pod manager; PUT changes only what is given, too."""
        row = _update(self, call, _columns(call))
        rpc.wake()
        return self.render(call, row)

    @base.verb(status=204, params=_DELETE_PARAMS, operation=True)
    def delete(self, call: base.Call) -> base.Answer | None:
        """Delete a pod manager, with ``cascade=true`` also its nodes."""
        operation = _delete(self, call, **call.params)
        if operation is None:
            return None
        with db.reader() as tx:
            answer = self.render(call, self.find(tx, call))
        return call.accept(operation, answer)

    @base.verb(status=202, answer=objects.Operation)
    def sync(self, call: base.Call) -> base.Answer:
        """Read the whole inventory of a pod manager again."""
        row = _sync(self, call)
        rpc.wake()
        call.set_location('operations', row.uuid)
        return base.Controller(models.Operation).render(call, row)


@schemas.format_check('driver', str)
def check_driver(name: str) -> None:
    """Accept the name of an installed driver."""
    if name not in loader.names():
        raise ValueError(f'must be one of: {", ".join(loader.names())}')


def _check_network(values: JsonObject) -> None:
    """Refuse an address outside of [podm] allowed_networks.

    What a host name is resolved to is compared when it is connected to; that
    of a pod manager behind a proxy is resolved by the proxy.

    :raises Invalid: naming the field.
    """
    for name in values.keys() & set(_URLS):
        host = urllib.parse.urlsplit(values[name] or '').hostname or ''
        address = networks.literal(host)
        if address is not None and not networks.allows(address):
            raise exception.Invalid(
                field=name, reason=networks.refusal(host, host)
            )


def _columns(call: base.Call) -> JsonObject:
    """The values to store for the fields of a request."""
    values = call.values
    for name in _URLS:
        if values.get(name):
            values[name] = values[name].rstrip('/')
    _check_network(values)
    if 'url' in values:
        values['canonical_url'] = identity.canonical_url(values['url'])
    for name in values.keys() & set(objects.PodManager.ENCRYPTED):
        values[name] = secrets.encrypt(values[name])
    return values


@db.transaction
def _create(
    tx: db.Transaction, ctx: context.RequestContext, values: JsonObject
) -> models.PodManager:
    uuid = tx.create(
        models.PodManager, **{**objects.PodManager.defaults(), **values}
    )
    if values.get('maintenance'):
        row = tx.list(models.PodManager, uuid=uuid).one()
        conditions.set_maintenance(tx, row, True, ctx.user_id)
    return tx.list(models.PodManager, uuid=uuid).one()


def _origin(url: str) -> _Origin:
    parts = urllib.parse.urlsplit(url)
    port = parts.port or {'http': 80, 'https': 443}[parts.scheme]
    return parts.scheme, parts.hostname, port


@db.transaction
def _update(
    tx: db.Transaction,
    controller: PodManagers,
    call: base.Call,
    values: JsonObject,
) -> models.PodManager:
    row, values = controller.find(tx, call), dict(values)
    _check_passwords(row, values)
    _check_nodes(tx, row, values)
    if _moves(row, values):
        # It has no nodes: any hardware is accepted.
        values = {**values, 'service_uuid': None}
        conductor_findings.close(tx, row.uuid, 'service_changed', row.uuid)
    if any(
        name in values and values[name] != getattr(row, name)
        for name in ('url', 'driver')
    ):
        # The old service has the event subscription, not the new one.
        conductor.request_unsubscribe(tx, call.context, row)
    if 'maintenance' in values:
        enabled = values.pop('maintenance')
        conditions.set_maintenance(tx, row, enabled, call.context.user_id)
    if 'tags' in values:
        new = values.pop('tags') or ()
        tags.change(tx, models.PodManager, row.uuid, row.uuid, new)
    if values:
        tx.update(models.PodManager, values, uuid=row.uuid)
    return tx.list(models.PodManager, uuid=row.uuid).one()


def _receivers(podm: JsonObject) -> dict[str, set[_Origin]]:
    """The servers that each password is sent to, or can be seen by.

    :param podm: the values of all fields of a pod manager.
    """
    proxy: set[_Origin] = set()
    if podm['proxy_url']:
        proxy.add(_origin(podm['proxy_url']))
    return {
        'password': {_origin(podm['url'])} | proxy,
        'proxy_password': proxy,
        'hardware_password': {_origin(podm['hardware_url'] or podm['url'])},
    }


# By password, the fields that say who receives it.
_RECEIVER_FIELDS = {
    'password': 'url or proxy_url',
    'proxy_password': 'proxy_url',
    'hardware_password': 'hardware_url',
}


def _check_passwords(row: models.PodManager, values: JsonObject) -> None:
    """Prevent that a password is sent to another host.

    :raises Invalid: if an origin changes without a new password.
    """
    old = {name: getattr(row, name) for name in _URLS}
    new = _receivers({**old, **values})
    for name, servers in _receivers(old).items():
        is_kept = getattr(row, name) is not None and name not in values
        if is_kept and not new[name] <= servers:
            raise exception.Invalid(
                field=name,
                reason='is required when the scheme, host or port of '
                f'{_RECEIVER_FIELDS[name]} changes',
            )


def _moves(row: models.PodManager, values: JsonObject) -> list[str]:
    """The fields that change, and name another service."""
    url = values.get('canonical_url')
    return [
        name
        for name, changes in (
            ('url', url and url != identity.canonical_url(row.url)),
            ('driver', values.get('driver', row.driver) != row.driver),
        )
        if changes
    ]


def _check_nodes(
    tx: db.Transaction, row: models.PodManager, values: JsonObject
) -> None:
    """Keep the address and the driver of a pod manager that has nodes.

    :raises Conflict: if one of them changes.
    """
    changed = _moves(row, values)
    names = _node_names(tx, row.uuid) if changed else ''
    if names:
        raise exception.Conflict(
            f'The {" and the ".join(changed)} of pod manager {row.name} '
            f'cannot change while it has nodes: {names}.'
        )


def _node_names(
    tx: db.Transaction, podm_uuid: str, *conditions: sa.ColumnElement[bool]
) -> str:
    """The names and UUIDs of at most ten nodes, for a message."""
    rows = tx.list(
        models.Node,
        *conditions,
        only=('name', 'uuid'),
        limit=11,
        podm_uuid=podm_uuid,
    ).all()
    names = ', '.join(f'{row.name} ({row.uuid})' for row in rows[:10])
    return names + (' and more' if len(rows) > 10 else '')


def _has_nodes(
    tx: db.Transaction, row: models.PodManager, cascade: bool, unregister: bool
) -> bool:
    """Whether a pod manager has nodes, which are deleted with it.

    :raises Conflict: if they must not be.
    """
    names = _node_names(tx, row.uuid)
    if names and not cascade:
        raise exception.Conflict(
            f'The pod manager {row.name} has nodes: {names}. Delete them '
            f'first, or use cascade=true.'
        )
    held = holds.of_pod_manager(tx, row.uuid)
    if held and not cascade:
        raise exception.Conflict(
            f'Hardware of the pod manager {row.name} is kept by '
            f'{len(held)} holds, such as {held[0].uuid}. Delete them first, '
            f'or use cascade=true.'
        )
    managed = _node_names(tx, row.uuid, models.Node.managed_by.is_not(None))
    if managed and not unregister:
        raise exception.Conflict(
            f'Nodes of the pod manager {row.name} are registered with a '
            f'provisioner: {managed}. Unregister them first, or also use '
            f'unregister=true.'
        )
    return bool(names)


@db.transaction
def _delete(
    tx: db.Transaction,
    /,
    controller: PodManagers,
    call: base.Call,
    cascade: bool,
    **params: bool,
) -> str | None:
    """Delete a pod manager at once if it has no nodes.

    :param params: the parameters of the operation.
    :returns: otherwise the UUID of the operation that deletes it.
    """
    row = controller.find(tx, call)
    if cascade and not params['force']:
        standing.check(call, conditions.on_podm(tx, row), NO_RELEASE)
    if _has_nodes(tx, row, cascade, params['unregister']):
        return conductor.request_delete(tx, call.context, row, params)
    # Without nodes, only a sync of the inventory can be running: an operation
    # that composes has a node, or no pod manager yet.
    for found in conductor.open_operations(tx, row.uuid):
        conductor.cancel(tx, found)
    conductor.request_unsubscribe(tx, call.context, row)
    holds.forget(tx, row.uuid)
    tx.delete(models.PodManager, uuid=row.uuid)
    return None


@db.transaction
def _sync(
    tx: db.Transaction, controller: PodManagers, call: base.Call
) -> models.Operation:
    row = controller.find(tx, call)
    uuid = conductor.request_sync(tx, call.context, row.uuid)
    return tx.list(models.Operation, uuid=uuid).one()
