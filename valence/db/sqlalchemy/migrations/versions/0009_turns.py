# SPDX-License-Identifier: Apache-2.0
"""An index finds whose turn it is."""

from alembic import op

revision = '0009'
down_revision = '0008'


def upgrade():
    op.create_index(
        'ix_operations_turn',
        'operations',
        [
            'cancel_requested',
            'state',
            'action',
            'podm_uuid',
            'project_id',
            'created_at',
            'uuid',
        ],
    )
