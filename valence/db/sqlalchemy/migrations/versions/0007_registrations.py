# SPDX-License-Identifier: Apache-2.0
"""What was handed over to provisioners."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0007'
down_revision = '0006'

NODES = sa.table('nodes', *map(sa.column, ('flavor_uuid', 'resource_class')))
FLAVORS = sa.table('flavors', *map(sa.column, ('uuid', 'name')))


def upgrade():
    op.add_column(
        'nodes', sa.Column('resource_class', types.Name(255), nullable=True)
    )
    op.add_column(
        'nodes', sa.Column('registration', types.Json, nullable=True)
    )
    # From now on the name that a flavor has at composing counts.
    name = (
        sa.select(FLAVORS.c.name)
        .where(FLAVORS.c.uuid == NODES.c.flavor_uuid)
        .scalar_subquery()
    )
    op.execute(
        sa.update(NODES)
        .where(NODES.c.flavor_uuid.is_not(None))
        .values(resource_class=name)
    )
