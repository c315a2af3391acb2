# SPDX-License-Identifier: Apache-2.0
"""How much hardware a project holds, and how much it may hold.

The limits are Keystone's. They are fetched first, in no transaction::

    limits = quota.limits(project_id)

then one transaction enforces them and writes down what is charged::

    quota.enforce(tx, project_id, limits, charge)
    tx.create(models.Node, **charge.columns(), ...)

A node is charged by its row: what it was charged with is free again when the
row is gone.
"""

import contextlib
import functools
from collections.abc import Iterable
from typing import Any
from typing import Literal
from typing import NamedTuple

import sqlalchemy as sa
from keystoneauth1 import exceptions as ksa_exceptions
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log

from valence.common import exception
from valence.common.types import Requirements
from valence.db import api as db
from valence.db.sqlalchemy import models

LOG = log.getLogger(__name__)

_PARTS: tuple[Literal['storage', 'network', 'pci_devices'], ...] = (
    'storage',
    'network',
    'pci_devices',
)


class Charge(NamedTuple):
    """Amounts of what is limited, under the names that Keystone knows.

    :param memory: in MiB.
    """

    nodes: int = 0
    cores: int = 0
    memory: int = 0
    devices: int = 0

    def columns(self) -> dict[str, int]:
        """The amounts as columns of a node; the node itself is its row."""
        return {
            'charged_cores': self.cores,
            'charged_memory_mib': self.memory,
            'charged_devices': self.devices,
        }


def of_requirements(wanted: Requirements) -> Charge:
    """What a node is charged with that was asked for by requirements."""
    return Charge(
        nodes=1,
        cores=wanted.get('processor', {}).get('total_cores', 0),
        memory=wanted.get('memory', {}).get('capacity_mib', 0),
        devices=sum(
            part['count'] for group in _PARTS for part in wanted.get(group, [])
        ),
    )


def of_resources(
    tx: db.Transaction, uuids: Iterable[str], nodes: int = 1
) -> Charge:
    """What very systems and devices are charged with: their sizes."""
    sizes = ('uuid', 'cpu_cores', 'memory_mib')
    wanted = list(uuids)
    systems = tx.list(models.System, only=sizes, uuid=wanted).all()
    devices = tx.list(models.Device, only=sizes, uuid=wanted).all()
    return Charge(
        nodes=nodes,
        cores=sum(row.cpu_cores for row in (*systems, *devices)),
        memory=sum(row.memory_mib for row in (*systems, *devices)),
        devices=len(devices),
    )


def of_detaching(
    tx: db.Transaction, node: models.Node, device_uuid: str
) -> Charge:
    """What is given back with a device of a node.

    Never so much that less is charged than the node's requirements ask for,
    by which it is charged whether a device fulfils them or not.
    """
    size = of_resources(tx, [device_uuid], nodes=0)
    asked = of_requirements(node.properties)
    return Charge(
        cores=_at_most(size.cores, node.charged_cores - asked.cores),
        memory=_at_most(size.memory, node.charged_memory_mib - asked.memory),
        devices=_at_most(size.devices, node.charged_devices),
    )


def _at_most(amount: int, rest: int) -> int:
    return max(0, min(amount, rest))


def charge(tx: db.Transaction, node_uuid: str, more: Charge) -> None:
    """Charge a node that exists with more."""
    _change(tx, node_uuid, more.columns(), 1)


def give_back(
    tx: db.Transaction, node_uuid: str, columns: dict[str, int]
) -> None:
    """Charge a node with less: amounts by column."""
    _change(tx, node_uuid, columns, -1)


def _change(
    tx: db.Transaction, node_uuid: str, columns: dict[str, int], sign: int
) -> None:
    values = {
        name: getattr(models.Node, name) + sign * amount
        for name, amount in columns.items()
        if amount
    }
    if values:
        tx.update(models.Node, values, uuid=node_uuid)


def limits(project_id: str | None) -> dict[str, int]:
    """The limits of a project by name; what is not limited is not in it.

    Keystone is asked, so it is nothing for a transaction.

    :raises ServiceUnavailable: when Keystone does not tell.
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
        _make_lock(project_id)
    return result


@functools.cache
def _enforcer() -> Any:
    # It loads the whole of openstacksdk, which takes its time.
    from oslo_limit import limit

    cfg.CONF.set_default('endpoint_service_type', 'composable', 'oslo_limit')
    # What is in use is nothing to ask outside our own transaction.
    return limit.Enforcer(lambda project_id, names: {})


def _fetch(project_id: str) -> dict[str, int]:
    from openstack import exceptions as sdk_exceptions
    from oslo_limit import exception as limit_exception

    try:
        enforcer = _enforcer()
        return {
            **dict(enforcer.get_registered_limits(None)),
            **dict(enforcer.get_project_limits(project_id, None)),
        }
    except (
        ksa_exceptions.ClientException,
        sdk_exceptions.SDKException,
        limit_exception.SessionInitError,
        # What oslo.limit raises for an endpoint that it cannot find.
        ValueError,
    ) as exc:
        LOG.error('Keystone does not tell the limits: %s', exc)
        raise exception.ServiceUnavailable(service='Keystone') from exc


def _make_lock(project_id: str) -> None:
    """See that there is the row that requests of a project contend for."""
    if db.get(models.ProjectUsage, project_id=project_id) is None:
        with contextlib.suppress(db_exception.DBDuplicateEntry):
            db.create(models.ProjectUsage, project_id=project_id)


def enforce(
    tx: db.Transaction,
    project_id: str | None,
    allowed: dict[str, int],
    more: Charge,
) -> None:
    """Stop unless a project may hold more than it does.

    :param allowed: what :func:`limits` found.
    :raises OverLimit: naming what is limited, the limit and the use.
    """
    if not allowed:
        return
    # Others wait here until this transaction is over. The row is written, not
    # only locked: a Galera cluster knows of no other node's locks.
    tx.update(models.ProjectUsage, {}, project_id=project_id)
    used = _used(tx, project_id)
    over = [
        f'{name}: the limit is {limit}, {getattr(used, name)} in use, '
        f'{getattr(more, name)} more asked for'
        for name, limit in allowed.items()
        if getattr(more, name)
        and getattr(used, name) + getattr(more, name) > limit
    ]
    if over:
        raise exception.OverLimit(reason='; '.join(over))


def _used(tx: db.Transaction, project_id: str | None) -> Charge:
    node = models.Node
    sums = [
        # MariaDB gives decimals.
        sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)
        for amount in (
            node.charged_cores,
            node.charged_memory_mib,
            node.charged_devices,
        )
    ]
    row = tx.connection.execute(
        sa.select(sa.func.count(), *sums).where(node.project_id == project_id)
    ).one()
    return Charge._make(row)
