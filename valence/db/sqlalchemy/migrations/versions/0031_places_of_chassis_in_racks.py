# SPDX-License-Identifier: Apache-2.0
"""The place of chassis in racks, and their height."""

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'


def upgrade():
    for name in ('rack_offset', 'rack_units'):
        op.add_column('chassis', sa.Column(name, sa.Integer, nullable=True))
