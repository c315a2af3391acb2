# SPDX-License-Identifier: Apache-2.0
"""What is set and shown in Ironic."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0025'
down_revision = '0024'


def upgrade():
    op.add_column(
        'nodes', sa.Column('managed_status', types.Json, nullable=True)
    )
    op.add_column(
        'nodes', sa.Column('managed_error', sa.String(1024), nullable=True)
    )
    op.add_column(
        'pod_managers',
        sa.Column('conductor_group', types.Name(255), nullable=True),
    )
    op.add_column(
        'pod_managers', sa.Column('shard', types.Name(255), nullable=True)
    )
