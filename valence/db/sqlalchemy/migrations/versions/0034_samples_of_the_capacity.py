# SPDX-License-Identifier: Apache-2.0
"""Samples of the capacity."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0034'
down_revision = '0033'


def upgrade():
    op.create_table(
        'capacity_samples',
        sa.Column('taken_at', types.DateTime, nullable=False),
        sa.Column('nodes', sa.Integer(), nullable=False),
        sa.Column('systems', sa.Integer(), nullable=False),
        sa.Column('free_systems', sa.Integer(), nullable=False),
        sa.Column(
            'held_systems', sa.Integer(), server_default='0', nullable=False
        ),
        sa.Column('cpu_cores', sa.BigInteger(), nullable=False),
        sa.Column('free_cpu_cores', sa.BigInteger(), nullable=False),
        sa.Column(
            'held_cpu_cores',
            sa.BigInteger(),
            server_default='0',
            nullable=False,
        ),
        sa.Column('memory_mib', sa.BigInteger(), nullable=False),
        sa.Column('free_memory_mib', sa.BigInteger(), nullable=False),
        sa.Column(
            'held_memory_mib',
            sa.BigInteger(),
            server_default='0',
            nullable=False,
        ),
        sa.Column('devices', types.Json, nullable=False),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.PrimaryKeyConstraint('uuid'),
        sa.UniqueConstraint('taken_at', name='uniq_capacity_samples0taken_at'),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_index(
        'ix_capacity_samples_taken_at',
        'capacity_samples',
        ['taken_at', 'uuid'],
    )
