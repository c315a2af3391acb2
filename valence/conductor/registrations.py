# SPDX-License-Identifier: Apache-2.0
"""What was handed over to provisioners, and what they show of that."""

from collections.abc import Iterator

from valence.common.types import JsonObject
from valence.conductor.inventory import findings
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import drift
from valence.objects.drift import Values
from valence.objects.registration import Registration
from valence.provisioning import base

#: The kinds of findings about registrations.
KINDS = ('provisioner_missing', 'changed_registration')
# Not compared: a node may be renamed, and no provisioner shows a password.
_NOT_COMPARED = ('name', 'login', 'driver_info', 'extra')
_CONNECTION = 'redfish_'


def of_nodes(tx: db.Transaction, provisioner: str) -> dict[str, Registration]:
    """What was handed over of the nodes that a provisioner should have."""
    rows = tx.list(
        models.Node,
        managed_by=provisioner,
        only=('uuid', 'managed_state', 'registration', 'project_id'),
    )
    return {
        row.uuid: handed_over(row)
        for row in rows
        if row.managed_state != base.MISSING
    }


def handed_over(node: models.Node) -> Registration:
    """What was handed over of a node.

    Of nodes that were registered before this was recorded it is known who may
    own and use them.
    """
    if node.registration is not None:
        return node.registration
    return {'owner': None, 'lessee': node.project_id}


def differences(before: Registration, now: Registration) -> dict[str, Values]:
    """What a provisioner shows other than it was given, by attribute."""
    return {
        name: [was, is_]
        for name, was, is_ in _pairs(before, now)
        if was != is_
    }


def _pairs(
    before: Registration, now: Registration
) -> Iterator[tuple[str, object, object]]:
    """The values before and now of what is known at both times."""
    first, second = dict(before), dict(now)
    for name in sorted(first.keys() & second.keys()):
        if name not in _NOT_COMPARED:
            yield name, first[name], second[name]
    # Others may add parameters, but none of the login.
    yield from _entries(first, second, 'driver_info', _CONNECTION)
    yield from _entries(first, second, 'extra')


def _entries(
    before: JsonObject, now: JsonObject, field: str, own: str = ''
) -> Iterator[tuple[str, object, object]]:
    """The values before and now of the entries of an object.

    :param own: what the names of those begin with that nobody else may add.
    """
    if field not in before or field not in now:
        return
    old, new = before[field], now[field]
    names = {*old, *(name for name in new if name.startswith(own))}
    for name in sorted(names):
        yield f'{field}/{name}', old.get(name), new.get(name)


def report(
    tx: db.Transaction,
    node: models.Node,
    provisioner: str,
    *,
    missing: bool,
    changed: dict[str, Values],
) -> None:
    """Open the findings about a registration, and close those that are over.

    :param missing: whether the provisioner has no such node any more.
    :param changed: what it shows other than it was given.
    """
    _set(
        tx,
        node,
        'provisioner_missing',
        f'{provisioner} does not have node {node.name} any more.'
        if missing
        else None,
    )
    _set(
        tx,
        node,
        'changed_registration',
        f'{provisioner} shows other values of node {node.name} than it was '
        f'given: {drift.describe_changes(changed)}.'
        if changed
        else None,
        {'differences': drift.list_changes(changed)},
    )


def close(tx: db.Transaction, node: models.Node) -> None:
    """Resolve the findings of a node that was registered or unregistered."""
    for kind in KINDS:
        _set(tx, node, kind, None)


def _set(
    tx: db.Transaction,
    node: models.Node,
    kind: str,
    reason: str | None,
    details: JsonObject | None = None,
) -> None:
    """Open a finding about a node, or close it if there is no reason."""
    if reason is None:
        findings.close(tx, node.podm_uuid, kind, node.uuid)
        return
    found = findings.Found.about(
        node, kind, node.uuid, reason, node.resource_uri, details
    )
    findings.open_finding(tx, node.podm_uuid, found, tx.now())
