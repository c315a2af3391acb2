# SPDX-License-Identifier: Apache-2.0
"""The identifier of a request that other services share."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'


def upgrade():
    op.add_column(
        'operations',
        sa.Column('global_request_id', sa.String(64), nullable=True),
    )
