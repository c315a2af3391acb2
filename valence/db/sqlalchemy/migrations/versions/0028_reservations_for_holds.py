# SPDX-License-Identifier: Apache-2.0
"""What pod managers reserve for holds."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0028'
down_revision = '0027'


def upgrade():
    op.create_table(
        'reservations',
        sa.Column('hold_uuid', sa.String(36), nullable=False),
        sa.Column('node_uuid', sa.String(36), nullable=False),
        sa.Column('podm_uuid', sa.String(36), nullable=False),
        sa.Column('name', types.Name(255), nullable=False),
        sa.Column('place', types.Json, nullable=False),
        sa.Column('state', sa.String(16), nullable=False),
        sa.Column('progress', types.Json, nullable=False),
        sa.Column('attempts', sa.Integer, nullable=False),
        sa.Column('sent_at', types.DateTime, nullable=True),
        sa.Column('due_at', types.DateTime, nullable=True),
        sa.Column('claimed_until', types.DateTime, nullable=True),
        sa.Column('error', types.Text, nullable=True),
        sa.Column('user_error', types.Text, nullable=True),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ['podm_uuid'], ['pod_managers.uuid'], ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('uuid'),
        sa.UniqueConstraint('node_uuid', name='uniq_reservations0node_uuid'),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    for name in ('due_at', 'hold_uuid', 'podm_uuid'):
        op.create_index(
            f'ix_reservations_{name}', 'reservations', [name], unique=False
        )
    for name in ('reservation_error', 'user_reservation_error'):
        op.add_column('holds', sa.Column(name, types.Text, nullable=True))
