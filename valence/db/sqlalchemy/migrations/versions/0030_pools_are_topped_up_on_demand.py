# SPDX-License-Identifier: Apache-2.0
"""Pools are topped up on demand."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0030'
down_revision = '0029'


def upgrade():
    op.add_column(
        'pools',
        sa.Column('wanted', sa.Integer(), server_default='0', nullable=False),
    )
    op.add_column('pools', sa.Column('demands', types.Json, nullable=True))
    op.add_column(
        'pools', sa.Column('wanted_since', types.DateTime, nullable=True)
    )
