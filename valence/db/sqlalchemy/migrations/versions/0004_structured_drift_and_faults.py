# SPDX-License-Identifier: Apache-2.0
"""Structured drift and faults."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0004'
down_revision = '0003'

# What the error of a node said that was in error because it was missing.
MISSING = '% is not on the pod manager any more'
NODES = sa.table(
    'nodes',
    sa.column('provision_state'),
    sa.column('last_error'),
    sa.column('user_last_error'),
    sa.column('fault'),
)


def upgrade():
    # The next sync, or poll of the provisioner, finds the drift again.
    op.drop_column('nodes', 'drift')
    op.add_column('nodes', sa.Column('drift', types.Json, nullable=True))
    op.add_column(
        'nodes', sa.Column('fault', sa.String(length=16), nullable=True)
    )
    op.add_column(
        'operations', sa.Column('excluded_systems', types.Json, nullable=True)
    )
    op.execute(
        sa.update(NODES)
        .where(
            NODES.c.provision_state == 'error',
            NODES.c.last_error.like(MISSING),
        )
        .values(
            fault='missing',
            user_last_error='The node is missing on its pod manager.',
        )
    )
