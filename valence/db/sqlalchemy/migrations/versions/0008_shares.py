# SPDX-License-Identifier: Apache-2.0
"""Devices that several nodes share."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0008'
down_revision = '0007'


def upgrade():
    op.create_table(
        'shares',
        sa.Column('resource_uuid', sa.String(length=36), nullable=False),
        sa.Column('place', sa.Integer(), nullable=False),
        sa.Column('node_uuid', sa.String(length=36), nullable=False),
        sa.Column('podm_uuid', sa.String(length=36), nullable=False),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ['node_uuid'], ['nodes.uuid'], ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('uuid'),
        sa.UniqueConstraint(
            'resource_uuid',
            'node_uuid',
            name='uniq_shares0resource_uuid0node_uuid',
        ),
        sa.UniqueConstraint(
            'resource_uuid', 'place', name='uniq_shares0resource_uuid0place'
        ),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_index('ix_shares_node_uuid', 'shares', ['node_uuid'])
    op.create_index('ix_shares_podm_uuid', 'shares', ['podm_uuid'])
    op.add_column(
        'devices',
        sa.Column(
            'max_nodes', sa.Integer(), server_default='1', nullable=True
        ),
    )
    op.add_column(
        'devices',
        sa.Column('sharers', sa.Integer(), server_default='0', nullable=False),
    )
