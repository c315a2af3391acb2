# SPDX-License-Identifier: Apache-2.0
"""Counters of hardware by shape.

``valence.db.recount`` fills them after the upgrade.
"""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0014'
down_revision = '0013'


def upgrade():
    op.create_table(
        'shapes',
        sa.Column('kind', sa.String(16), nullable=False),
        sa.Column('properties', types.Json, nullable=False),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.PrimaryKeyConstraint('uuid'),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_table(
        'capacities',
        sa.Column('podm_uuid', sa.String(36), nullable=False),
        sa.Column('nodes', sa.Integer(), nullable=False),
        sa.Column('zoned', sa.Integer(), nullable=False),
        sa.Column('systems', sa.Integer(), nullable=False),
        sa.Column('free_systems', sa.Integer(), nullable=False),
        sa.Column('cpu_cores', sa.BigInteger(), nullable=False),
        sa.Column('free_cpu_cores', sa.BigInteger(), nullable=False),
        sa.Column('memory_mib', sa.BigInteger(), nullable=False),
        sa.Column('free_memory_mib', sa.BigInteger(), nullable=False),
        sa.Column('devices', types.Json, nullable=False),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ['podm_uuid'], ['pod_managers.uuid'], ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('uuid'),
        sa.UniqueConstraint(
            'podm_uuid', name=op.f('uniq_capacities0podm_uuid')
        ),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_index(
        'ix_capacities_free_systems',
        'capacities',
        ['free_systems', 'podm_uuid'],
        unique=False,
    )
    op.create_index(
        'ix_capacities_nodes',
        'capacities',
        ['nodes', 'podm_uuid'],
        unique=False,
    )
    op.create_table(
        'counts',
        sa.Column('podm_uuid', sa.String(36), nullable=False),
        sa.Column('shape_uuid', sa.String(36), nullable=False),
        sa.Column('zones', types.Json, nullable=False),
        sa.Column('reserved_to', types.Name(255), nullable=True),
        sa.Column('total', sa.Integer(), nullable=False),
        sa.Column('free', sa.Integer(), nullable=False),
        sa.Column('nodes', sa.Integer(), nullable=False),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ['podm_uuid'], ['pod_managers.uuid'], ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('uuid'),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_index(
        'ix_counts_podm_uuid',
        'counts',
        ['podm_uuid', 'shape_uuid', 'free'],
        unique=False,
    )
    op.create_index(
        'ix_counts_shape_uuid',
        'counts',
        ['shape_uuid', 'free', 'podm_uuid'],
        unique=False,
    )
    op.add_column(
        'devices', sa.Column('count_uuid', sa.String(36), nullable=True)
    )
    op.create_index(
        'ix_devices_count_uuid',
        'devices',
        ['count_uuid', 'free', 'uuid'],
        unique=False,
    )
    op.add_column(
        'systems', sa.Column('count_uuid', sa.String(36), nullable=True)
    )
    op.drop_index(op.f('ix_systems_state_size'), table_name='systems')
    op.create_index(
        'ix_systems_count_uuid',
        'systems',
        ['count_uuid', 'free', 'uuid'],
        unique=False,
    )
