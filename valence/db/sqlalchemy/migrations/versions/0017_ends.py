# SPDX-License-Identifier: Apache-2.0
"""Indexes of what has ended, by which it is deleted."""

from alembic import op

revision = '0017'
down_revision = '0016'


def upgrade():
    for table, *columns in (
        ('operations', 'finished_at'),
        ('findings', 'open_key', 'updated_at'),
        ('findings', 'podm_uuid', 'state', 'updated_at'),
    ):
        op.create_index(f'ix_{table}_{columns[0]}', table, columns)
