# SPDX-License-Identifier: Apache-2.0
"""Since when flavors are published in Nova."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0027'
down_revision = '0026'


def upgrade():
    op.add_column(
        'flavors', sa.Column('published_at', types.DateTime, nullable=True)
    )
