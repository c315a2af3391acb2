# SPDX-License-Identifier: Apache-2.0
"""Services that were replaced: another UUID, and perhaps other hardware.

When a service reports another UUID than before, nothing is sent to it, and no
sync stores anything, until a sync has read its hardware. If some of the known
hardware is there, it is the same service under another UUID. If none is, an
administrator has to accept it; see ``service_changed`` of the findings.
"""

from collections.abc import Mapping
from typing import Any

from oslo_log import log

from valence.common import exception
from valence.common import identity
from valence.conductor import requests
from valence.conductor import states
from valence.conductor.inventory import findings
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware

LOG = log.getLogger(__name__)

KIND = 'service_changed'
# What a sync has found of the known hardware.
SAME, NONE, UNREAD = 'same', 'none', 'unread'
# What identifies a piece of hardware, by how it is compared.
_IDENTIFY = {
    'hardware_uuid': identity.identifying_uuid,
    'serial_number': identity.serial,
}
_Identity = dict[str, str]


def is_other(podm: models.PodManager, service_uuid: str | None) -> bool:
    """Whether a UUID is not that of the service of a pod manager.

    :param service_uuid: what identifies the service that was read, if
        anything does.
    """
    known = podm.service_uuid
    return None not in (known, service_uuid) and known != service_uuid


def reason(podm: models.PodManager, service_uuid: str) -> str:
    """What there is to say of a service with another UUID."""
    return (
        f'the service at {podm.url} had the UUID {podm.service_uuid}, and has '
        f'the UUID {service_uuid} now'
    )


def check(tx: db.Transaction, podm_uuid: str) -> None:
    """Check that requests may be sent to a pod manager.

    :raises ServiceReplaced: when it is another service now.
    :raises PodManagerUnavailable: while that is not known.
    """
    row = requests.replaced(tx, podm_uuid)
    if row is not None and row.details.get('known_hardware') == UNREAD:
        raise exception.PodManagerUnavailable(reason=row.reason)
    if row is not None:
        raise exception.ServiceReplaced(reason=row.reason)


def suspend(
    tx: db.Transaction,
    podm: models.PodManager,
    service_uuid: str,
    known: str = UNREAD,
) -> bool:
    """Send nothing to a service with another UUID from now on.

    :param known: what of the known hardware is there.
    :returns: whether a sync has to read its hardware.
    """
    row = requests.replaced(tx, podm.uuid)
    if row is not None and row.details.get('service_uuid') == service_uuid:
        before = str(row.details.get('known_hardware'))
        known = before if known == UNREAD else known
    what = f'{reason(podm, service_uuid)}; nothing is sent to it'
    if known == NONE:
        what += (
            ' until an administrator accepts it: no known hardware is there'
        )
    findings.open_finding(
        tx,
        podm.uuid,
        _found(podm, podm.uuid, what, service_uuid, known),
        tx.now(),
    )
    states.set_offline(tx, podm, what)
    return known == UNREAD


def _found(
    podm: models.PodManager,
    subject: str,
    what: str,
    service_uuid: str,
    known: str,
) -> findings.Found:
    return findings.Found(
        KIND,
        subject,
        f'{what}.',
        name=podm.name,
        details={
            'former_service_uuid': podm.service_uuid,
            'service_uuid': service_uuid,
            'known_hardware': known,
        },
    )


def resume(tx: db.Transaction, podm: models.PodManager) -> None:
    """Note that the service is the known one (again)."""
    findings.close(tx, podm.uuid, KIND, podm.uuid)


def accept_same(
    tx: db.Transaction, podm: models.PodManager, service_uuid: str
) -> None:
    """Note the new UUID of a service that has the known hardware."""
    what = f'{reason(podm, service_uuid)}; its hardware is the same'
    LOG.warning('Pod manager %s: %s', podm.name, what)
    resume(tx, podm)
    findings.open_finding(
        tx,
        podm.uuid,
        _found(podm, service_uuid, what, service_uuid, SAME),
        tx.now(),
    )
    for node in tx.list(models.Node, podm_uuid=podm.uuid).all():
        base = node.baseline
        if base and base['service_uuid'] == podm.service_uuid:
            new = {**base, 'service_uuid': service_uuid}
            tx.update(models.Node, {'baseline': new}, uuid=node.uuid)
    tx.update(
        models.PodManager, {'service_uuid': service_uuid}, uuid=podm.uuid
    )
    states.set_status(tx, podm, 'online', None)


def compare(podm_uuid: str, seen: hardware.Inventory) -> str:
    """What of the known hardware a sync has found.

    What could not be read may be there.
    """
    with db.reader() as tx:
        rows = [
            (table, row)
            for table in (models.Chassis, models.System, models.Device)
            for row in tx.list(table, podm_uuid=podm_uuid).all()
        ]
    if not rows:
        # Nothing is lost if it is another one.
        return SAME
    seen_by_id: dict[tuple[object, str, str], list[_Identity]] = {}
    for table, items in (
        (models.Chassis, seen.chassis),
        (models.System, seen.systems),
        (models.Device, seen.devices),
    ):
        for known in (_identity(item.values) for item in items):
            for pair in known.items():
                seen_by_id.setdefault((table, *pair), []).append(known)
    for table, row in rows:
        known = _identity(db.mapping(row))
        for pair in known.items():
            others = seen_by_id.get((table, *pair), ())
            if any(_is_same(known, other) for other in others):
                return SAME
    return UNREAD if seen.problems or seen.unread else NONE


def _identity(values: Mapping[Any, Any]) -> _Identity:
    """What identifies a piece of hardware, and is known."""
    found = {
        name: canonical(values.get(name))
        for name, canonical in _IDENTIFY.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def _is_same(one: _Identity, other: _Identity) -> bool:
    """Whether nothing that is known of both differs."""
    return all(one[name] == other[name] for name in one.keys() & other.keys())
