# SPDX-License-Identifier: Apache-2.0
"""Boot modes that systems allow.

Hardware has other shapes then: ``valence.db.recount`` counts it again after
the upgrade.
"""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0029'
down_revision = '0028'


def upgrade():
    op.add_column(
        'systems', sa.Column('boot_modes', types.Json, nullable=True)
    )
    op.execute(sa.delete(sa.table('capacities')))
