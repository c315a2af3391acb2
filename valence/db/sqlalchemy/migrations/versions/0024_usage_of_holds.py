# SPDX-License-Identifier: Apache-2.0
"""Spans of usage of holds.

Holds that exist already get spans with their next change: they last for a day
at most by default.
"""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'


def upgrade():
    with op.batch_alter_table('usage_spans') as batch:
        batch.alter_column(
            'node_uuid', existing_type=sa.String(36), nullable=True
        )
        batch.add_column(sa.Column('hold_uuid', sa.String(36), nullable=True))
        batch.create_index(
            'ix_usage_spans_hold_uuid', ['hold_uuid', 'closed_at']
        )
