# SPDX-License-Identifier: Apache-2.0
"""Processors and memory modules of systems, more properties of devices.

Hardware has other shapes then: ``valence.db.recount`` counts it again after
the upgrade.
"""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0018'
down_revision = '0017'


def upgrade():
    op.add_column(
        'systems', sa.Column('processors', types.Json, nullable=True)
    )
    op.add_column(
        'systems', sa.Column('memory_modules', types.Json, nullable=True)
    )
    op.add_column('systems', sa.Column('tpm', sa.String(64), nullable=True))
    for name in ('speed_mhz', 'rpm', 'onboard_memory_mib'):
        op.add_column('devices', sa.Column(name, sa.Integer(), nullable=True))
    op.execute(sa.delete(sa.table('capacities')))
