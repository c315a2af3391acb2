# SPDX-License-Identifier: Apache-2.0
"""What pod managers allow for nodes."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0010'
down_revision = '0009'


def upgrade():
    op.add_column('nodes', sa.Column('allowable', types.Json, nullable=True))
