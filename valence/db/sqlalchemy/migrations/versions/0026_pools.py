# SPDX-License-Identifier: Apache-2.0
"""Pools of nodes that are kept ready."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0026'
down_revision = '0025'


def upgrade():
    op.create_table(
        'pools',
        sa.Column('name', types.Name(200), nullable=False),
        sa.Column('description', sa.String(1024), nullable=True),
        sa.Column('flavor_uuid', sa.String(36), nullable=False),
        sa.Column('pod_managers', types.Json, nullable=False),
        sa.Column('min_ready', sa.Integer, nullable=False),
        sa.Column('max_ready', sa.Integer, nullable=True),
        sa.Column('max_nodes', sa.Integer, nullable=False),
        sa.Column('idle_seconds', sa.Integer, nullable=False),
        sa.Column('register', types.Json, nullable=False),
        sa.Column('project_id', types.Name(255), nullable=True),
        sa.Column('enabled', sa.Boolean, nullable=False),
        sa.Column('draining', sa.Boolean, nullable=False),
        sa.Column('ready', sa.Integer, nullable=True),
        sa.Column('coming', sa.Integer, nullable=True),
        sa.Column('used', sa.Integer, nullable=True),
        sa.Column('state', sa.String(16), nullable=False),
        sa.Column('reason', types.Text, nullable=True),
        sa.Column('checked_at', types.DateTime, nullable=True),
        sa.Column('retry_at', types.DateTime, nullable=True),
        sa.Column('failures', sa.Integer, nullable=False),
        sa.Column('short_at', types.DateTime, nullable=True),
        sa.Column('surplus_at', types.DateTime, nullable=True),
        sa.Column('due_at', types.DateTime, nullable=False),
        sa.Column('turn', sa.Integer, nullable=False),
        sa.Column('user_id', types.Name(255), nullable=True),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.PrimaryKeyConstraint('uuid'),
        sa.UniqueConstraint('name', name='uniq_pools0name'),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    for name, columns in (
        ('ix_pools_created_at', ['created_at', 'uuid']),
        ('ix_pools_due_at', ['due_at']),
        ('ix_pools_enabled', ['enabled', 'uuid']),
        (
            'ix_pools_flavor_uuid_created_at',
            ['flavor_uuid', 'created_at', 'uuid'],
        ),
        ('ix_pools_name', ['name', 'uuid']),
        (
            'ix_pools_project_id_created_at',
            ['project_id', 'created_at', 'uuid'],
        ),
        ('ix_pools_state_created_at', ['state', 'created_at', 'uuid']),
    ):
        op.create_index(name, 'pools', columns, unique=False)
    with op.batch_alter_table('nodes') as batch:
        batch.add_column(sa.Column('pool_uuid', sa.String(36), nullable=True))
        batch.add_column(sa.Column('pool_state', sa.String(16), nullable=True))
        batch.add_column(
            sa.Column('pool_state_at', types.DateTime, nullable=True)
        )
        batch.create_index('ix_nodes_pool_uuid', ['pool_uuid', 'uuid'])
