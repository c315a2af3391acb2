# SPDX-License-Identifier: Apache-2.0
"""Where a node has to be, or must not be, for the sake of others."""

from typing import Any

from valence.db import api as db
from valence.db.sqlalchemy import models


class Affinity:
    """Where a node has to be, or must not be, for the sake of others."""

    def __init__(
        self, tx: db.Transaction, affinity: dict[str, Any] | None
    ) -> None:
        self._wanted = affinity or {}
        if not self._wanted:
            return
        self._together = 'with' in self._wanted
        nodes = self._wanted['with' if self._together else 'against']
        systems = tx.list(
            models.System,
            only=('podm_uuid', 'rack_uuid'),
            node_uuid=nodes,
        ).all()
        self._places = {self._place(system) for system in systems}

    def _place(self, system: models.System) -> str | None:
        """The rack or pod manager of a system."""
        if self._wanted['scope'] == 'pod_manager':
            return system.podm_uuid
        return system.rack_uuid

    def against(self, system: models.System) -> str | None:
        """Why a system will not do; None: it will."""
        if not self._wanted:
            return None
        inside = self._place(system) in self._places
        if inside == self._together:
            return None
        scope = self._wanted['scope'].replace('_', ' ')
        where = 'not in a' if self._together else 'in a'
        others = 'with' if self._together else 'against'
        return f'it is {where} {scope} of the nodes to be {others}'
