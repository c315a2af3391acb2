# SPDX-License-Identifier: Apache-2.0
"""Spans of usage, which are open for what nodes are charged already."""

import datetime

import sqlalchemy as sa
from alembic import op
from oslo_utils import uuidutils

from valence.db.sqlalchemy import types

revision = '0016'
down_revision = '0015'


def upgrade():
    op.create_table(
        'usage_spans',
        sa.Column('project_id', types.Name(255), nullable=True),
        sa.Column('node_uuid', sa.String(36), nullable=False),
        sa.Column('podm_uuid', sa.String(36), nullable=True),
        sa.Column('resource_uuid', sa.String(36), nullable=True),
        sa.Column('kind', types.Name(64), nullable=False),
        sa.Column('model', types.Name(255), nullable=True),
        sa.Column('cores', sa.Integer(), nullable=False),
        sa.Column('memory_mib', sa.BigInteger(), nullable=False),
        sa.Column('devices', sa.Integer(), nullable=False),
        sa.Column('opened_at', types.DateTime, nullable=False),
        sa.Column('closed_at', types.DateTime, nullable=True),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.PrimaryKeyConstraint('uuid'),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_index(
        'ix_usage_spans_closed_at',
        'usage_spans',
        ['closed_at', 'opened_at'],
        unique=False,
    )
    op.create_index(
        'ix_usage_spans_node_uuid',
        'usage_spans',
        ['node_uuid', 'closed_at'],
        unique=False,
    )
    op.create_index(
        'ix_usage_spans_project_id',
        'usage_spans',
        ['project_id', 'closed_at'],
        unique=False,
    )
    _open_spans(op.get_bind())


def _open_spans(connection):
    metadata = sa.MetaData()
    tables = ('nodes', 'allocations', 'shares', 'systems', 'devices')
    metadata.reflect(connection, only=[*tables, 'usage_spans'])
    spans = metadata.tables['usage_spans']
    now = connection.execute(sa.select(types.utcnow())).scalar_one()
    if isinstance(now, str):
        now = datetime.datetime.fromisoformat(now)
    rows = [*_held(metadata.tables), *_requested(metadata.tables)]
    found = [row for query in rows for row in connection.execute(query)]
    for start in range(0, len(found), 200):
        connection.execute(
            spans.insert(),
            [
                {
                    **row._mapping,
                    'uuid': uuidutils.generate_uuid(),
                    'created_at': now,
                    'opened_at': now,
                }
                for row in found[start : start + 200]
            ],
        )


def _held(tables):
    """Queries for the hardware of nodes, as spans."""
    nodes = tables['nodes']
    for claims in (tables['allocations'], tables['shares']):
        for hardware in (tables['systems'], tables['devices']):
            is_system = hardware.name == 'systems'
            kind = sa.literal('system') if is_system else hardware.c.type
            yield (
                sa.select(
                    *_of_node(nodes),
                    hardware.c.uuid.label('resource_uuid'),
                    kind.label('kind'),
                    hardware.c.model.label('model'),
                    hardware.c.cpu_cores.label('cores'),
                    hardware.c.memory_mib.label('memory_mib'),
                    sa.literal(0 if is_system else 1).label('devices'),
                )
                .join_from(nodes, claims, claims.c.node_uuid == nodes.c.uuid)
                .join(hardware, hardware.c.uuid == claims.c.resource_uuid)
            )


def _requested(tables):
    """A query for what nodes are charged that have no hardware yet."""
    nodes, claims = tables['nodes'], tables['allocations']
    held = sa.exists().where(claims.c.node_uuid == nodes.c.uuid)
    charged = sa.or_(
        nodes.c.charged_cores > 0,
        nodes.c.charged_memory_mib > 0,
        nodes.c.charged_devices > 0,
    )
    yield sa.select(
        *_of_node(nodes),
        sa.literal('requested').label('kind'),
        nodes.c.charged_cores.label('cores'),
        nodes.c.charged_memory_mib.label('memory_mib'),
        nodes.c.charged_devices.label('devices'),
    ).where(sa.not_(held), charged)


def _of_node(nodes):
    return (
        nodes.c.uuid.label('node_uuid'),
        nodes.c.project_id.label('project_id'),
        nodes.c.podm_uuid.label('podm_uuid'),
    )
