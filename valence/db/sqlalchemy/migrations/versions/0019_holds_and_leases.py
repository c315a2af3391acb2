# SPDX-License-Identifier: Apache-2.0
"""Holds and leases."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0019'
down_revision = '0018'


def upgrade():
    op.create_table(
        'holds',
        sa.Column('name', types.Name(255), nullable=False),
        sa.Column('scope', types.Name(255), nullable=False),
        sa.Column('podm_uuid', sa.String(36), nullable=True),
        sa.Column('flavor_uuid', sa.String(36), nullable=True),
        sa.Column('resource_class', types.Name(255), nullable=True),
        sa.Column('properties', types.Json, nullable=False),
        sa.Column('request', types.Json, nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.Column('remaining', sa.Integer(), nullable=False),
        sa.Column('places', types.Json, nullable=False),
        sa.Column('state', sa.String(16), nullable=False),
        sa.Column('expires_at', types.DateTime, nullable=False),
        sa.Column('ended_at', types.DateTime, nullable=True),
        sa.Column('charged_cores', sa.Integer(), nullable=False),
        sa.Column('charged_memory_mib', sa.BigInteger(), nullable=False),
        sa.Column('charged_devices', sa.Integer(), nullable=False),
        sa.Column('project_id', types.Name(255), nullable=True),
        sa.Column('user_id', types.Name(255), nullable=True),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.PrimaryKeyConstraint('uuid'),
        sa.UniqueConstraint(
            'scope', 'name', name=op.f('uniq_holds0scope0name')
        ),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_index(
        'ix_holds_created_at', 'holds', ['created_at', 'uuid'], unique=False
    )
    op.create_index('ix_holds_ended_at', 'holds', ['ended_at'], unique=False)
    op.create_index(
        'ix_holds_expires_at', 'holds', ['expires_at', 'uuid'], unique=False
    )
    op.create_index(
        'ix_holds_flavor_uuid_created_at',
        'holds',
        ['flavor_uuid', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index('ix_holds_name', 'holds', ['name', 'uuid'], unique=False)
    op.create_index(
        'ix_holds_podm_uuid_created_at',
        'holds',
        ['podm_uuid', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_holds_podm_uuid_name',
        'holds',
        ['podm_uuid', 'name', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_holds_project_id_created_at',
        'holds',
        ['project_id', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_holds_project_id_expires_at',
        'holds',
        ['project_id', 'expires_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_holds_project_id_name',
        'holds',
        ['project_id', 'name', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_holds_state_created_at',
        'holds',
        ['state', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_holds_state_expires_at',
        'holds',
        ['state', 'expires_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_holds_state_name', 'holds', ['state', 'name', 'uuid'], unique=False
    )
    op.add_column(
        'capacities',
        sa.Column(
            'held_systems', sa.Integer(), server_default='0', nullable=False
        ),
    )
    op.add_column(
        'capacities',
        sa.Column(
            'held_cpu_cores',
            sa.BigInteger(),
            server_default='0',
            nullable=False,
        ),
    )
    op.add_column(
        'capacities',
        sa.Column(
            'held_memory_mib',
            sa.BigInteger(),
            server_default='0',
            nullable=False,
        ),
    )
    op.add_column(
        'counts',
        sa.Column('held', sa.Integer(), server_default='0', nullable=False),
    )
    op.add_column(
        'devices', sa.Column('hold_uuid', sa.String(36), nullable=True)
    )
    op.create_index(
        'ix_devices_hold_uuid', 'devices', ['hold_uuid', 'uuid'], unique=False
    )
    op.add_column(
        'flavors', sa.Column('lease_seconds', sa.Integer(), nullable=True)
    )
    op.add_column(
        'flavors', sa.Column('lease_max_seconds', sa.Integer(), nullable=True)
    )
    op.add_column(
        'flavors', sa.Column('lease_end', sa.String(16), nullable=True)
    )
    op.add_column(
        'nodes', sa.Column('lease_until', types.DateTime, nullable=True)
    )
    op.add_column(
        'nodes',
        sa.Column(
            'lease_end', sa.String(16), server_default='notify', nullable=False
        ),
    )
    op.add_column(
        'nodes',
        sa.Column(
            'lease_state', sa.String(16), server_default='none', nullable=False
        ),
    )
    op.add_column(
        'nodes', sa.Column('force_at', types.DateTime, nullable=True)
    )
    op.add_column(
        'nodes', sa.Column('lease_due_at', types.DateTime, nullable=True)
    )
    op.add_column(
        'nodes', sa.Column('lease_operation', sa.String(36), nullable=True)
    )
    op.create_index(
        'ix_nodes_lease_due_at', 'nodes', ['lease_due_at'], unique=False
    )
    op.create_index(
        'ix_nodes_lease_state', 'nodes', ['lease_state', 'uuid'], unique=False
    )
    op.create_index(
        'ix_nodes_lease_until', 'nodes', ['lease_until', 'uuid'], unique=False
    )
    op.add_column(
        'systems', sa.Column('hold_uuid', sa.String(36), nullable=True)
    )
    op.create_index(
        'ix_systems_hold_uuid', 'systems', ['hold_uuid', 'uuid'], unique=False
    )
    _add_holder('allocations', 'reserved_to')
    with op.batch_alter_table('shares') as batch:
        batch.alter_column(
            'node_uuid', existing_type=sa.String(36), nullable=True
        )
    _add_holder('shares')


def _add_holder(table, *others):
    """Have a hold own rows, or a node, or what another column says."""
    held = ' OR '.join(
        f'{name} IS NOT NULL' for name in ('node_uuid', 'hold_uuid', *others)
    )
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column('hold_uuid', sa.String(36), nullable=True))
        batch.create_index(f'ix_{table}_hold_uuid', ['hold_uuid'])
        batch.create_foreign_key(
            f'fk_{table}_hold_uuid',
            'holds',
            ['hold_uuid'],
            ['uuid'],
            ondelete='CASCADE',
        )
        batch.create_check_constraint(
            f'one_holder_{table}',
            f'(node_uuid IS NULL OR hold_uuid IS NULL) AND ({held})',
        )
