# SPDX-License-Identifier: Apache-2.0
"""Polling provisioners for the nodes that they manage.

What a provisioner shows of a node is compared with what it was given; then it
is brought up to date, see ``handovers``.
"""

import time

from oslo_config import cfg
from oslo_log import log

from valence.conductor import handovers
from valence.conductor import membership
from valence.conductor import registrations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import drift
from valence.podmanagers.progress import Deadline
from valence.provisioning import base
from valence.provisioning import loader

LOG = log.getLogger(__name__)

# For how long a poll may begin further requests.
_SECONDS = 60.0


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
    """Read all managed nodes, and store how they differ.

    A node with an open operation is left to that: what is proved of it would
    not be stored.
    """
    with db.reader() as tx:
        rows = tx.list(
            models.Node,
            models.Node.managed_by.is_not(None),
            only=('uuid', 'managed_by'),
            provision_state=handovers.IDLE_STATES,
        ).all()
    managed: dict[str, list[str]] = {}
    for row in rows:
        if row.managed_by is not None:
            managed.setdefault(row.managed_by, []).append(row.uuid)
    for name, uuids in managed.items():
        deadline = Deadline(max(cfg.CONF.provisioning.interval, _SECONDS))
        try:
            _poll_provisioner(loader.get(name), name, uuids, deadline)
        except handovers.FAILURES as exc:
            LOG.warning('Polling %s for its nodes failed: %s', name, exc)


def _poll_provisioner(
    provisioner: base.Provisioner,
    name: str,
    uuids: list[str],
    deadline: Deadline,
) -> None:
    shown = provisioner.look(uuids, deadline)
    with db.reader() as tx:
        registered = registrations.of_nodes(tx, name)
    # Those that are known to be missing need no proof again.
    unseen = [
        uuid for uuid in uuids if uuid not in shown and uuid in registered
    ]
    gone = provisioner.gone(unseen, registered, deadline) if unseen else set()
    for uuid in uuids:
        if uuid in shown:
            _store(uuid, name, shown[uuid])
        elif uuid in gone:
            _store(uuid, name, None)
    handovers.update(provisioner, name, shown, deadline)


@db.transaction
def _store(
    tx: db.Transaction,
    uuid: str,
    provisioner: str,
    shown: base.Shown | None,
) -> None:
    """Store how a node looks; None: it is gone."""
    node = tx.get(models.Node, uuid=uuid, managed_by=provisioner)
    if node is None or node.provision_state not in handovers.IDLE_STATES:
        # An operation that has begun since stores newer values.
        return
    changed = _changes(node, shown)
    values = {
        'managed_state': shown.state if shown else base.MISSING,
        'managed_status': shown.status if shown else None,
        'managed_error': shown.error if shown else None,
        'drift': drift.with_registration(
            node.drift, None if shown else provisioner, changed
        ),
    }
    if any(
        getattr(node, name) != value for name, value in values.items()
    ) and not tx.update(
        models.Node,
        values,
        uuid=uuid,
        managed_by=provisioner,
        provision_state=handovers.IDLE_STATES,
    ):
        return
    registrations.report(
        tx, node, provisioner, missing=shown is None, changed=changed
    )


def _changes(
    node: models.Node, shown: base.Shown | None
) -> dict[str, drift.Values]:
    """What a provisioner shows of a node other than it was given."""
    if shown is None:
        return {}
    return registrations.differences(
        registrations.handed_over(node), shown.registration
    )
