# SPDX-License-Identifier: Apache-2.0
"""Looking after the nodes that have been handed to what provisions them."""

import time

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.conductor import membership
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.base import Deadline
from valence.provisioning import base
from valence.provisioning import loader

LOG = log.getLogger(__name__)

# Nodes in these are not in the hands of an operation.
_AT_REST = ('active', 'error')


class Watch:
    """The periodic look, by one conductor of all."""

    def __init__(self, own_lease: membership.Lease) -> None:
        self._lease = own_lease
        self._due = 0.0

    def tick(self) -> None:
        """Look, when it is time and this conductor's turn."""
        if time.monotonic() < self._due or not self._lease.uuid:
            return
        self._due = time.monotonic() + cfg.CONF.provisioning.interval
        if self._lease.uuid in membership.ring().get_nodes(b'provisioning'):
            look()


def look() -> None:
    """See in which state the nodes are that have been handed over."""
    with db.reader() as tx:
        rows = tx.list(
            models.Node,
            models.Node.managed_by.is_not(None),
            only=('uuid', 'managed_by'),
        ).all()
    known: dict[str, list[str]] = {}
    for row in rows:
        if row.managed_by is not None:
            known.setdefault(row.managed_by, []).append(row.uuid)
    for name, uuids in known.items():
        deadline = Deadline(cfg.CONF.provisioning.interval)
        try:
            states = loader.get(name).states(uuids, deadline)
        except (exception.ProvisioningError, base.InProgress) as exc:
            LOG.warning('The nodes managed by %s are not seen: %s', name, exc)
            continue
        for uuid, state in states.items():
            _store(uuid, name, state)


def drift(told: str | None, name: str | None, state: str | None) -> str | None:
    """How a node drifts, and whether it is known by what manages it.

    :param told: how it drifts, as it was told before.
    """
    lost = f'is not known by {name} any more'
    words = [word for word in (told or '').split('; ') if word != lost]
    if state == base.MISSING:
        words.append(lost)
    return '; '.join(filter(None, words))[:4096] or None


@db.transaction
def _store(tx: db.Transaction, uuid: str, name: str, state: str) -> None:
    node = tx.get(models.Node, uuid=uuid)
    if node is None:
        return
    values = {
        'managed_state': state,
        'drift': drift(node.drift, name, state),
    }
    if any(getattr(node, name) != value for name, value in values.items()):
        # An operation that began meanwhile knows better.
        tx.update(
            models.Node,
            values,
            uuid=uuid,
            managed_by=name,
            provision_state=_AT_REST,
        )
