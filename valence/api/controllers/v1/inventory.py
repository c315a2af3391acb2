# SPDX-License-Identifier: Apache-2.0
import sqlalchemy as sa

from valence import objects
from valence.api.controllers.v1 import base
from valence.db.sqlalchemy import models


class Racks(base.Controller):
    """Those chassis that are racks."""

    def __init__(self) -> None:
        super().__init__(objects.Chassis)
        self.collection = 'racks'

    def visible(self, call: base.Call) -> list[sa.ColumnElement[bool]]:
        return [models.Chassis.type == 'rack', *super().visible(call)]
