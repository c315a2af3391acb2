# SPDX-License-Identifier: Apache-2.0
"""The GPUs, FPGAs and other accelerators in systems."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0012'
down_revision = '0011'


def upgrade():
    op.add_column(
        'systems', sa.Column('accelerators', types.Json, nullable=True)
    )
