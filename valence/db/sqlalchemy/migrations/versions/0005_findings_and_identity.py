# SPDX-License-Identifier: Apache-2.0
"""Findings, and what identifies hardware."""

import hashlib

import sqlalchemy as sa
from alembic import op
from oslo_utils import timeutils
from oslo_utils import uuidutils

from valence.common import identity
from valence.db.sqlalchemy import types

revision = '0005'
down_revision = '0004'

NODES = sa.table(
    'nodes',
    *map(sa.column, ('uuid', 'podm_uuid', 'resource_uri', 'uri_hash')),
)
PODMS = sa.table(
    'pod_managers', *map(sa.column, ('uuid', 'url', 'canonical_url'))
)


def upgrade():
    op.create_table(
        'installations',
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.PrimaryKeyConstraint('uuid'),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_table(
        'findings',
        sa.Column('podm_uuid', sa.String(length=36), nullable=True),
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('subject', types.Name(2048), nullable=False),
        sa.Column('resource_uri', types.Name(2048), nullable=True),
        sa.Column('node_uuid', sa.String(length=36), nullable=True),
        sa.Column('name', types.Name(255), nullable=True),
        sa.Column('project_id', types.Name(255), nullable=True),
        sa.Column('reason', types.Text, nullable=False),
        sa.Column('details', types.Json, nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('accepted_until', types.DateTime, nullable=True),
        sa.Column('repair', sa.String(length=36), nullable=True),
        sa.Column('syncs', sa.Integer(), nullable=False),
        sa.Column('first_seen_at', types.DateTime, nullable=False),
        sa.Column('last_seen_at', types.DateTime, nullable=False),
        sa.Column('open_key', sa.String(length=64), nullable=True),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ['podm_uuid'], ['pod_managers.uuid'], ondelete='SET NULL'
        ),
        sa.PrimaryKeyConstraint('uuid'),
        sa.UniqueConstraint('open_key', name='uniq_findings0open_key'),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_index(
        'ix_findings_created_at',
        'findings',
        ['created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_findings_kind_created_at',
        'findings',
        ['kind', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_findings_node_uuid',
        'findings',
        ['node_uuid', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_findings_podm_uuid_created_at',
        'findings',
        ['podm_uuid', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_findings_project_id_created_at',
        'findings',
        ['project_id', 'created_at', 'uuid'],
        unique=False,
    )
    op.create_index(
        'ix_findings_state_created_at',
        'findings',
        ['state', 'created_at', 'uuid'],
        unique=False,
    )
    op.add_column(
        'nodes', sa.Column('uri_hash', sa.String(length=64), nullable=True)
    )
    op.add_column('nodes', sa.Column('baseline', types.Json, nullable=True))
    op.create_index(
        'uniq_nodes0podm_uuid0uri_hash',
        'nodes',
        ['podm_uuid', 'uri_hash'],
        unique=True,
    )
    op.add_column(
        'pod_managers',
        sa.Column('canonical_url', types.Name(512), nullable=True),
    )
    op.add_column(
        'pod_managers',
        sa.Column(
            'shares_service_uuid',
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
        ),
    )
    op.create_index(
        'uniq_pod_managers0canonical_url',
        'pod_managers',
        ['canonical_url'],
        unique=True,
    )
    connection = op.get_bind()
    create_installation(connection)
    canonicalize(connection)


def create_installation(connection):
    """Give the database the identity that marks on hardware bear."""
    table = sa.table(
        'installations',
        sa.column('uuid'),
        sa.column('created_at', types.DateTime),
    )
    if connection.execute(sa.select(table.c.uuid)).first() is None:
        row = {
            'uuid': uuidutils.generate_uuid(),
            'created_at': timeutils.utcnow(),
        }
        connection.execute(sa.insert(table), row)


def canonicalize(connection):
    """Write stored URIs and URLs in the form in which they are compared.

    What two rows would share stays empty in the later one.
    """
    taken = set()
    for uuid, podm_uuid, uri in connection.execute(
        sa.select(NODES.c.uuid, NODES.c.podm_uuid, NODES.c.resource_uri).where(
            NODES.c.resource_uri.is_not(None)
        )
    ).all():
        path, mark, rest = uri.partition('#')
        new = identity.canonical_link(path) + mark + rest
        values = {'resource_uri': new}
        if (podm_uuid, new) not in taken:
            taken.add((podm_uuid, new))
            values['uri_hash'] = hashlib.sha256(new.encode()).hexdigest()
        connection.execute(
            sa.update(NODES).where(NODES.c.uuid == uuid).values(values)
        )
    taken = set()
    for uuid, url in connection.execute(
        sa.select(PODMS.c.uuid, PODMS.c.url)
    ).all():
        new = identity.canonical_url(url)
        if new not in taken:
            taken.add(new)
            connection.execute(
                sa.update(PODMS)
                .where(PODMS.c.uuid == uuid)
                .values(canonical_url=new)
            )
