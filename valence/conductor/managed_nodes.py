# SPDX-License-Identifier: Apache-2.0
"""Polling provisioners for the states of the nodes that they manage."""

import time

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.conductor import membership
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import drift
from valence.podmanagers.base import Deadline
from valence.provisioning import base
from valence.provisioning import loader

LOG = log.getLogger(__name__)

# Nodes in these states have no open operation.
_IDLE_STATES = ('active', 'error')


class Poller:
    """Polls the provisioners; only one conductor does so."""

    def __init__(self, lease: membership.Lease) -> None:
        self._lease = lease
        self._next_poll = 0.0

    def tick(self) -> None:
        """Poll, if that is due and this conductor is the one."""
        if time.monotonic() < self._next_poll or not self._lease.uuid:
            return
        self._next_poll = time.monotonic() + cfg.CONF.provisioning.interval
        if self._lease.uuid in membership.ring().get_nodes(b'provisioning'):
            poll()


def poll() -> None:
    """Store the states of all managed nodes."""
    with db.reader() as tx:
        rows = tx.list(
            models.Node,
            models.Node.managed_by.is_not(None),
            only=('uuid', 'managed_by'),
        ).all()
    managed: dict[str, list[str]] = {}
    for row in rows:
        if row.managed_by is not None:
            managed.setdefault(row.managed_by, []).append(row.uuid)
    for name, uuids in managed.items():
        deadline = Deadline(cfg.CONF.provisioning.interval)
        try:
            states = loader.get(name).states(uuids, deadline)
        except (exception.ProvisioningError, base.InProgress) as exc:
            LOG.warning('Polling %s for its nodes failed: %s', name, exc)
            continue
        for uuid, state in states.items():
            _store(uuid, name, state)


@db.transaction
def _store(
    tx: db.Transaction, uuid: str, provisioner: str, state: str
) -> None:
    node = tx.get(models.Node, uuid=uuid)
    if node is None:
        return
    missing = state == base.MISSING
    values = {
        'managed_state': state,
        'drift': drift.with_missing_in(
            node.drift, provisioner if missing else None
        ),
    }
    if any(getattr(node, name) != value for name, value in values.items()):
        # An operation that began meanwhile stores newer values.
        tx.update(
            models.Node,
            values,
            uuid=uuid,
            managed_by=provisioner,
            provision_state=_IDLE_STATES,
        )
