# SPDX-License-Identifier: Apache-2.0
from typing import Any

import sqlalchemy as sa

from valence.api.controllers.v1 import base
from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.objects import history as objects


class History(base.Controller[models.History]):
    """What a resource was, from one time to another.

    :param of: the model of the resources.
    """

    def __init__(self, of: type[Any]) -> None:
        super().__init__(models.History)
        self._of = of

    def visible(self, call: base.Call) -> list[sa.ColumnElement[bool]]:
        history = models.History
        with db.reader() as tx:
            row = call.find(tx, self._of, call.ident)
            above = conditions.containing(tx, row)
        own = history.resource_uuid == row.uuid
        if not above:
            return [own]
        return [
            sa.or_(
                own,
                sa.and_(
                    history.resource_uuid.in_(sorted(above)),
                    history.field == objects.CONDITION,
                ),
            )
        ]

    @base.verb(listing=True)
    def list(self, call: base.Call) -> base.Answer:
        """List what it was, and the conditions that held for it."""
        return super().list(call)
