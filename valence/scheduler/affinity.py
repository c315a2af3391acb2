# SPDX-License-Identifier: Apache-2.0
"""Affinity and anti-affinity to the hardware of other nodes."""

import sqlalchemy as sa

from valence.db import api as db
from valence.db import capacity
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.scheduler.request import AffinityRule


class Affinity:
    """A rule, applied to the systems that the other nodes have now.

    :param project_id: whose reservations are free.
    """

    def __init__(
        self,
        tx: db.Transaction,
        rule: AffinityRule | None,
        project_id: str | None,
    ) -> None:
        self._rule = rule or None
        self._inside: dict[tuple[str | None, str | None], int] = {}
        if not rule:
            return
        self._together = 'with' in rule
        nodes = rule['with'] if self._together else rule['against']
        systems = tx.list(
            models.System,
            only=('podm_uuid', 'rack_uuid'),
            node_uuid=nodes,
        ).all()
        # A rack that is unknown is no rack.
        self._places = {self._place(rule, system) for system in systems}
        self._places.discard(None)
        self._podms = {system.podm_uuid for system in systems}
        if rule['scope'] == 'rack' and self._places:
            self._inside = self._count(tx, project_id)

    @staticmethod
    def unsettled(tx: db.Transaction, rule: AffinityRule | None) -> str | None:
        """The name of a node of the rule that has no place yet, or None."""
        if not rule:
            return None
        row = tx.get(
            models.Node,
            uuid=rule['with'] if 'with' in rule else rule['against'],
            provision_state='composing',
        )
        return row.name if row else None

    @staticmethod
    def _place(rule: AffinityRule, system: models.System) -> str | None:
        """The UUID of the rack or pod manager of a system."""
        if rule['scope'] == 'pod_manager':
            return system.podm_uuid
        return system.rack_uuid

    def _count(
        self, tx: db.Transaction, project_id: str | None
    ) -> dict[tuple[str | None, str | None], int]:
        """How many systems in the racks are free, by counter."""
        system = models.System
        group = system.count_uuid, system.reserved_to
        query = sa.select(*group, sa.func.count()).where(
            system.rack_uuid.in_(self._places),
            *capacity.free(system, project_id),
        )
        rows = tx.connection.execute(query.group_by(*group))
        return {(counted, project): count for counted, project, count in rows}

    def eligible(self, row: models.Count) -> int:
        """How many of the free systems of a counter the rule accepts."""
        if self._rule is None:
            return row.free
        if self._rule['scope'] == 'pod_manager':
            inside = row.free if row.podm_uuid in self._places else 0
        else:
            counted = shapes.group_uuid(
                row.podm_uuid, row.shape_uuid, row.zones
            )
            inside = self._inside.get((counted, row.reserved_to), 0)
        return max(0, inside if self._together else row.free - inside)

    def of_podms(
        self, uuid: sa.SQLColumnExpression[str]
    ) -> list[sa.ColumnElement[bool]]:
        """The conditions on the UUID of a pod manager."""
        if self._rule is None:
            return []
        if self._together:
            return [uuid.in_(self._podms)]
        if self._rule['scope'] == 'pod_manager':
            return [uuid.not_in(self._places)]
        return []

    def of_systems(self) -> list[sa.ColumnElement[bool]]:
        """The conditions on a system of such a pod manager."""
        if self._rule is None or self._rule['scope'] == 'pod_manager':
            return []
        rack = models.System.rack_uuid
        if self._together:
            return [rack.in_(self._places)]
        return [sa.or_(rack.is_(None), rack.not_in(self._places))]

    def rejection_reason(self, system: models.System) -> str | None:
        """Why the rule rejects a system, or None."""
        if self._rule is None:
            return None
        inside = self._place(self._rule, system) in self._places
        return None if inside == self._together else self.reason

    @property
    def reason(self) -> str:
        """Why systems that the rule does not accept are rejected."""
        if self._rule is None:
            return ''
        scope = self._rule['scope'].replace('_', ' ')
        if self._together:
            return f'not the same {scope} as a node in affinity.with'
        return f'same {scope} as a node in affinity.against'
