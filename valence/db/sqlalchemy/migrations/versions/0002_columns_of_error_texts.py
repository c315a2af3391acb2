# SPDX-License-Identifier: Apache-2.0
"""Name the columns of error texts by their readers."""

from alembic import op

from valence.db.sqlalchemy import types

revision = '0002'
down_revision = '0001'


def upgrade():
    for table, old, new in (
        ('nodes', 'plain_last_error', 'user_last_error'),
        ('operations', 'plain_error', 'user_error'),
    ):
        op.alter_column(
            table,
            old,
            new_column_name=new,
            existing_type=types.Text,
            existing_nullable=True,
        )
