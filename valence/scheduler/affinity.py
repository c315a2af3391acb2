# SPDX-License-Identifier: Apache-2.0
"""Affinity and anti-affinity to the hardware of other nodes."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.scheduler.request import AffinityRule


class Affinity:
    """A rule, applied to the systems that the other nodes have now."""

    def __init__(self, tx: db.Transaction, rule: AffinityRule | None) -> None:
        self._rule = rule or None
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

    def rejection_reason(self, system: models.System) -> str | None:
        """Why the rule rejects a system, or None."""
        if self._rule is None:
            return None
        inside = self._place(self._rule, system) in self._places
        if inside == self._together:
            return None
        scope = self._rule['scope'].replace('_', ' ')
        if self._together:
            return f'not the same {scope} as a node in affinity.with'
        return f'same {scope} as a node in affinity.against'
