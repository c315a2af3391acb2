# SPDX-License-Identifier: Apache-2.0
"""What the database knows of the nodes that resources are marked with."""

import dataclasses
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from valence.conductor import states
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware


def is_foreign(seen: hardware.ComposedNode) -> bool:
    """Whether a resource has the mark of another installation."""
    mark = seen.mark
    return mark is not None and mark.installation not in (
        *(None, installation.own_id()),
    )


@dataclasses.dataclass(frozen=True)
class Origins:
    """The nodes with some UUIDs, and what happened to them.

    :param nodes: those that exist, by UUID.
    :param composed: the states of the operations that composed them.
    :param busy: the UUIDs of those that have an open operation.
    :param given_up: the findings of those that were removed by force, and all
        open ones of the kind.
    """

    nodes: dict[str, models.Node]
    composed: dict[str, set[str]]
    busy: set[str]
    given_up: list[models.Finding]

    @classmethod
    def of(
        cls, tx: db.Transaction, found: Collection[hardware.ComposedNode]
    ) -> 'Origins':
        """The origins of composed nodes."""
        uuids = [one.mark.node for one in found if one.mark is not None]
        composed: dict[str, set[str]] = {}
        busy = set()
        for row in _operations(tx, uuids):
            if row.state in states.OPEN:
                busy.add(row.target_uuid)
            if row.action == 'compose':
                composed.setdefault(row.target_uuid, set()).add(row.state)
        finding = models.Finding
        known = sa.or_(
            finding.open_key.is_not(None), finding.node_uuid.in_(uuids)
        )
        return cls(
            {row.uuid: row for row in tx.list(models.Node, uuid=uuids)},
            composed,
            busy,
            list(
                tx.list(
                    finding,
                    known,
                    order=[finding.created_at],
                    kind='left_behind',
                )
            ),
        )

    def is_stray(
        self, seen: hardware.ComposedNode, shown: Collection[str]
    ) -> bool:
        """Whether one of our operations made a resource that is not its node.

        A node that is shown at no other URI may have moved to this one. One
        that was composed, and whose row is gone, may have been given up.

        :param shown: the URIs of all that the pod manager shows.
        """
        mark = seen.mark
        if mark is None or is_foreign(seen) or mark.node in self.busy:
            return False
        node = self.nodes.get(mark.node)
        if node is not None and node.resource_uri is not None:
            return node.resource_uri in shown and node.resource_uri != seen.uri
        if any(row.node_uuid == mark.node for row in self.given_up):
            return False
        ends = self.composed.get(mark.node, set())
        return bool(ends) and 'succeeded' not in ends


def _operations(tx: db.Transaction, uuids: list[str]) -> Any:
    return tx.list(
        models.Operation,
        only=('target_uuid', 'action', 'state'),
        target_uuid=uuids,
    )
