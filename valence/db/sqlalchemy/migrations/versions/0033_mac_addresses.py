# SPDX-License-Identifier: Apache-2.0
"""MAC addresses, by which systems and devices are found.

``valence.db.macs`` fills the table after the upgrade.
"""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0033'
down_revision = '0032'


def upgrade():
    op.add_column(
        'devices', sa.Column('mac_addresses', types.Json, nullable=True)
    )
    op.create_table(
        'mac_addresses',
        sa.Column('podm_uuid', sa.String(36), nullable=False),
        sa.Column('resource_uuid', sa.String(36), nullable=False),
        sa.Column('address', sa.String(17), nullable=False),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('created_at', types.DateTime, nullable=False),
        sa.Column('updated_at', types.DateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ['podm_uuid'], ['pod_managers.uuid'], ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('uuid'),
        sa.UniqueConstraint(
            'resource_uuid',
            'address',
            name='uniq_mac_addresses0resource_uuid0address',
        ),
        mysql_charset='utf8mb4',
        mysql_engine='InnoDB',
    )
    op.create_index(
        'ix_mac_addresses_address',
        'mac_addresses',
        ['address', 'resource_uuid'],
    )
    op.create_index(
        'ix_mac_addresses_podm_uuid', 'mac_addresses', ['podm_uuid']
    )
