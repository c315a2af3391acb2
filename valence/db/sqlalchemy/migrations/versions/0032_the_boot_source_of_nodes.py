# SPDX-License-Identifier: Apache-2.0
"""The boot source that was last set for nodes."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0032'
down_revision = '0031'


def upgrade():
    op.add_column('nodes', sa.Column('boot', types.Json, nullable=True))
