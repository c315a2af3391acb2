# SPDX-License-Identifier: Apache-2.0
"""Pod managers that refuse, and the nearest requirements."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0006'
down_revision = '0005'


def upgrade():
    op.add_column(
        'pod_managers',
        sa.Column('refusal', sa.String(length=1024), nullable=True),
    )
    op.add_column(
        'pod_managers', sa.Column('refused_at', types.DateTime, nullable=True)
    )
    op.add_column(
        'operations', sa.Column('nearest', types.Json, nullable=True)
    )
