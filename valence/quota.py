# SPDX-License-Identifier: Apache-2.0
"""Quotas: the hardware that a project uses, and its limits in Keystone.

The limits are fetched first, outside of a transaction::

    limits = quota.limits(project_id)

Then one transaction enforces them and records the usage::

    quota.enforce(tx, project_id, limits, charge)
    tx.create(models.Node, **charge.columns(), ...)

The usage of a node is recorded in its row and ends with it. Until hardware is
selected for the node, it is what was requested, then what is allocated.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING
from typing import Any
from typing import Literal
from typing import NamedTuple

from keystoneauth1 import exceptions as ksa_exceptions
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log

from valence.common import exception
from valence.common.amounts import least
from valence.common.types import Requirements
from valence.db import allocations
from valence.db import api as db
from valence.db import usage as spans
from valence.db.sqlalchemy import models

if TYPE_CHECKING:
    from oslo_limit import limit

LOG = log.getLogger(__name__)

_PARTS: tuple[Literal['storage', 'network', 'pci_devices'], ...] = (
    'storage',
    'network',
    'pci_devices',
)


class Charge(NamedTuple):
    """Amounts of the limited resources, by their names in Keystone.

    :param memory: in MiB.
    """

    nodes: int = 0
    cores: int = 0
    memory: int = 0
    devices: int = 0
    holds: int = 0

    def columns(self) -> dict[str, int]:
        """The amounts as columns of a node."""
        return {
            'charged_cores': self.cores,
            'charged_memory_mib': self.memory,
            'charged_devices': self.devices,
        }


@dataclasses.dataclass
class Shortage:
    """A limit of a project that more usage would exceed.

    :param resource: the name of the limit in Keystone.
    :param used: what the project uses at present.
    :param missing: how much the limit lacks; None: that is not shown.
    """

    resource: str
    limit: int
    used: int
    missing: int | None

    def __str__(self) -> str:
        """The limit and its usage in words."""
        return (
            f'{self.resource}: the limit is {self.limit}, {self.used} in use'
        )


@dataclasses.dataclass
class Use:
    """A limit of a project, its usage, and what a request adds to that."""

    resource: str
    limit: int
    used: int
    requested: int


def of_requirements(requirements: Requirements) -> Charge:
    """The usage of a node that is composed by requirements."""
    return Charge(
        nodes=1,
        cores=least(requirements.get('processor', {}).get('total_cores')),
        memory=least(requirements.get('memory', {}).get('capacity_mib')),
        devices=sum(
            part['count']
            for group in _PARTS
            for part in requirements.get(group, [])
        ),
    )


def of_resources(
    tx: db.Transaction, uuids: Iterable[str], nodes: int = 1
) -> Charge:
    """The usage of exact systems and devices."""
    sizes = ('uuid', 'cpu_cores', 'memory_mib')
    listed = list(uuids)
    systems = tx.list(models.System, only=sizes, uuid=listed).all()
    devices = tx.list(models.Device, only=sizes, uuid=listed).all()
    return Charge(
        nodes=nodes,
        cores=sum(row.cpu_cores for row in (*systems, *devices)),
        memory=sum(row.memory_mib for row in (*systems, *devices)),
        devices=len(devices),
    )


def claim(
    tx: db.Transaction,
    node_uuid: str,
    uuids: Iterable[str],
    allowed: dict[str, int],
) -> None:
    """Charge a node the hardware that was selected, instead of what it asked.

    :param uuids: of the systems and devices.
    :param allowed: the limits of the project.
    :raises OverLimit: when the hardware exceeds them; members are not told
        how large it is.
    """
    node = tx.list(models.Node, uuid=node_uuid).one()
    usage = of_resources(tx, uuids)
    enforce_hardware(tx, node.project_id, allowed, usage, without=node_uuid)
    _set(tx, node_uuid, usage, uuids)


def enforce_hardware(
    tx: db.Transaction,
    project_id: str | None,
    allowed: dict[str, int],
    usage: Charge,
    without: str | None = None,
) -> None:
    """Check that hardware that was selected does not exceed the limits.

    :param allowed: the limits of the project.
    :param without: UUID of a node that does not count.
    :raises OverLimit: when it does; its text for members has no sizes.
    """
    _lock(tx, project_id, allowed)
    over = shortages(tx, project_id, allowed, usage, without)
    if over:
        failure = exception.OverLimit(
            reason='; '.join(
                f'{one}, {getattr(usage, one.resource)} more in the hardware '
                f'that fits'
                for one in over
            )
        )
        failure.user_message = str(
            exception.OverLimit(
                reason='; '.join(
                    f'{one}, the hardware that fits has more than is left'
                    for one in over
                )
            )
        )
        raise failure


def allows(
    tx: db.Transaction,
    node: models.Node,
    uuids: Iterable[str],
    allowed: dict[str, int],
) -> bool:
    """Whether hardware for a node is within the limits at present.

    :param uuids: of the systems and devices.
    :param allowed: the limits of the project.
    """
    if not allowed:
        return True
    usage = of_resources(tx, uuids)
    return not shortages(
        tx, node.project_id, allowed, usage, without=node.uuid
    )


def recharge(tx: db.Transaction, node_uuid: str) -> None:
    """Charge a node exactly the hardware that is allocated to it."""
    uuids = allocations.of_node(tx, node_uuid)
    _set(tx, node_uuid, of_resources(tx, uuids), uuids)


def _set(
    tx: db.Transaction, node_uuid: str, charged: Charge, uuids: Iterable[str]
) -> None:
    """Charge a node hardware, and nothing else."""
    tx.update(models.Node, charged.columns(), uuid=node_uuid)
    holder = {'node_uuid': node_uuid}
    spans.replace(tx, holder, spans.parts(tx, [*uuids]))


def open_request(tx: db.Transaction, node_uuid: str, charged: Charge) -> None:
    """Record since when a new node is charged what was requested."""
    spans.add(tx, node_uuid, _requested(charged))


def delete_node(tx: db.Transaction, node_uuid: str) -> None:
    """Delete a node, which ends all charges for it."""
    spans.replace(tx, {'node_uuid': node_uuid}, ())
    tx.delete(models.Node, uuid=node_uuid)


def charge(tx: db.Transaction, node_uuid: str, more: Charge) -> None:
    """Increase the recorded usage of a node."""
    values = {
        name: getattr(models.Node, name) + amount
        for name, amount in more.columns().items()
    }
    tx.update(models.Node, values, uuid=node_uuid)
    spans.add(tx, node_uuid, _requested(more))


def _requested(charged: Charge) -> spans.Part:
    return spans.requested(charged.cores, charged.memory, charged.devices)


def limits(project_id: str | None) -> dict[str, int]:
    """The limits of a project by name, without unlimited resources.

    Do not call it within a transaction: it sends requests to Keystone.

    :raises ServiceUnavailable: if Keystone does not return them.
    """
    if project_id is None or not cfg.CONF.quota.enforce:
        return {}
    found = _fetch(project_id)
    result = {
        name: found[name]
        for name in Charge._fields
        if found.get(name, -1) >= 0
    }
    if result:
        create_lock(project_id)
    return result


@functools.cache
def _enforcer() -> 'limit.Enforcer':
    # Imports all of openstacksdk, which is slow.
    from oslo_limit import limit

    cfg.CONF.set_default('endpoint_service_type', 'composable', 'oslo_limit')
    # The usage is read within our own transaction instead.
    return limit.Enforcer(lambda project_id, names: {})


def _fetch(project_id: str) -> dict[str, int]:
    from openstack import exceptions as sdk_exceptions
    from oslo_limit import exception as limit_exception

    try:
        # None means all limits, but its types do not say so.
        every: Any = None
        enforcer = _enforcer()
        return {
            **dict(enforcer.get_registered_limits(every)),
            **dict(enforcer.get_project_limits(project_id, every)),
        }
    except (
        ksa_exceptions.ClientException,
        sdk_exceptions.SDKException,
        limit_exception.SessionInitError,
        # Raised by oslo.limit for an unknown endpoint.
        ValueError,
    ) as exc:
        LOG.error('Fetching the limits from Keystone failed: %s', exc)
        raise exception.ServiceUnavailable(service='Keystone') from exc


def create_lock(project_id: str | None) -> None:
    """Create the row that concurrent requests of a project lock."""
    where = {'project_id': project_id or ''}
    if db.get(models.ProjectUsage, **where) is None:
        with contextlib.suppress(db_exception.DBDuplicateEntry):
            db.create(models.ProjectUsage, **where)


def enforce_used(
    tx: db.Transaction, project_id: str | None, allowed: dict[str, int]
) -> None:
    """Check that a project does not have more than its limits allow.

    :param allowed: the limits of the project.
    :raises OverLimit: with resource, limit and usage.
    """
    over = [
        Shortage(one.resource, one.limit, one.used, None)
        for one in uses(tx, project_id, allowed, Charge())
        if one.used > one.limit
    ]
    if over:
        raise exception.OverLimit(reason='; '.join(map(str, over)))


def lock(tx: db.Transaction, project_id: str | None) -> None:
    """Make concurrent requests of a project wait for this transaction."""
    # The row is written, not only locked: the nodes of a Galera cluster do
    # not share locks.
    tx.update(models.ProjectUsage, {}, project_id=project_id or '')


def enforce(
    tx: db.Transaction,
    project_id: str | None,
    allowed: dict[str, int],
    more: Charge,
) -> None:
    """Check that more usage does not exceed the limits of a project.

    :param allowed: the limits of the project.
    :raises OverLimit: with resource, limit and usage.
    """
    _lock(tx, project_id, allowed)
    over = shortages(tx, project_id, allowed, more)
    if over:
        raise exception.OverLimit(
            reason='; '.join(
                f'{one}, {getattr(more, one.resource)} more requested'
                for one in over
            )
        )


def _lock(
    tx: db.Transaction, project_id: str | None, allowed: dict[str, int]
) -> None:
    """Serialize the requests of a project that has limits."""
    if allowed:
        lock(tx, project_id)


def shortages(
    tx: db.Transaction,
    project_id: str | None,
    allowed: dict[str, int],
    more: Charge,
    without: str | None = None,
) -> list[Shortage]:
    """The limits that more usage would exceed.

    :param allowed: the limits of the project.
    :param without: UUID of a node that does not count.
    """
    return [
        Shortage(one.resource, one.limit, one.used, missing)
        for one in uses(tx, project_id, allowed, more, without)
        if one.requested
        and (missing := one.used + one.requested - one.limit) > 0
    ]


def uses(
    tx: db.Transaction,
    project_id: str | None,
    allowed: dict[str, int],
    more: Charge,
    without: str | None = None,
) -> list[Use]:
    """The limits of a project, with what it uses and what a request adds."""
    if not allowed:
        return []
    used = _used(tx, project_id, without)
    return [
        Use(name, limit, getattr(used, name), getattr(more, name))
        for name, limit in allowed.items()
    ]


def _used(
    tx: db.Transaction, project_id: str | None, without: str | None
) -> Charge:
    return Charge(*spans.charged(tx, project_id, without))
