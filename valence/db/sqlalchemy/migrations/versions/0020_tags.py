# SPDX-License-Identifier: Apache-2.0
"""Tags of pod managers, chassis, systems and devices."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0020'
down_revision = '0019'


def upgrade():
    for table in ('pod_managers', 'chassis', 'systems', 'devices'):
        op.add_column(table, sa.Column('tags', types.Json, nullable=True))
    for table in ('systems', 'devices'):
        op.add_column(
            table, sa.Column('inherited_tags', types.Json, nullable=True)
        )
