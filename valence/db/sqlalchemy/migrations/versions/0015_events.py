# SPDX-License-Identifier: Apache-2.0
"""Events, and the queues in which they wait."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0015'
down_revision = '0014'


def upgrade():
    op.create_table(
        'event_queues',
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('claim', sa.String(36), nullable=True),
        sa.Column('claimed_until', types.DateTime, nullable=True),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.PrimaryKeyConstraint('uuid'),
        sa.UniqueConstraint('number', name=op.f('uniq_event_queues0number')),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_table(
        'events',
        sa.Column('event_type', types.Name(64), nullable=False),
        sa.Column('resource_type', types.Name(64), nullable=False),
        sa.Column('resource_uuid', sa.String(36), nullable=False),
        sa.Column(
            'payload',
            types.Json,
            nullable=False,
        ),
        sa.Column('request_id', sa.String(64), nullable=True),
        sa.Column('global_request_id', sa.String(64), nullable=True),
        sa.Column('user_id', types.Name(255), nullable=True),
        sa.Column('project_id', types.Name(255), nullable=True),
        sa.Column('queue', sa.Integer(), nullable=True),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.PrimaryKeyConstraint('uuid'),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_index(
        'ix_events_created_at', 'events', ['created_at', 'uuid'], unique=False
    )
    op.create_index(
        'ix_events_event_type_created_at',
        'events',
        ['event_type', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_events_project_id_created_at',
        'events',
        ['project_id', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_events_queue',
        'events',
        ['queue', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_events_resource_type_created_at',
        'events',
        ['resource_type', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_events_resource_uuid_created_at',
        'events',
        ['resource_uuid', 'created_at', 'uuid'],
        unique=False,
    )
