# SPDX-License-Identifier: Apache-2.0
"""Steps have names in snake case."""

import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = '0003'
down_revision = '0002'

# The new names by action and old name. Operations may be open: conductors
# find the step of a journal's row by its name.
NAMES = {
    'compose': {'pick': 'claim_parts'},
    'release': {
        'settle': 'wait_for_operations',
        'withdraw': 'unregister',
        'take apart': 'decompose',
    },
    'adopt': {'look': 'claim_parts'},
    'reset': {'look': 'read_power_state'},
    'boot': {'set boot': 'set_boot'},
    'attach': {'claim': 'claim_device', 'join': 'attach_device'},
    'detach': {'part': 'detach_device', 'unclaim': 'release_device'},
    'unregister': {'withdraw': 'unregister'},
    'sync': {'read': 'read_inventory', 'tidy': 'release_orphans'},
    'delete': {'release nodes': 'release_nodes', 'wait': 'wait_for_nodes'},
}
REGISTERING = {
    'examine': 'read_system',
    'enrol': 'enroll',
    'connect': 'create_ports',
    'managed': 'wait_managed',
    'inspected': 'wait_inspected',
    'provided': 'wait_provided',
}
NAMES['register'] = REGISTERING
NAMES['compose'] |= REGISTERING

# The new keys of results and intents by old key, and the steps whose results
# have them. The intent of a step has one while the step is being undone.
KEYS = {
    'strays': 'orphans',
    'left behind': 'left_behind',
    'known as': 'known_as',
    'undo begun': 'undo_started_at',
}
STEPS_WITH_KEYS = ('read_inventory', 'wait_for_nodes', 'read_system')

OPERATIONS = sa.table(
    'operations',
    sa.column('uuid'),
    sa.column('action'),
    sa.column('step'),
    sa.column('undoing', sa.Boolean),
)
STEPS = sa.table(
    'operation_steps',
    sa.column('uuid'),
    sa.column('operation_uuid'),
    sa.column('name'),
    sa.column('intent', types.Json),
    sa.column('result', types.Json),
)


def upgrade():
    connection = op.get_bind()
    for action, names in NAMES.items():
        of_action = sa.select(OPERATIONS.c.uuid).where(
            OPERATIONS.c.action == action
        )
        for old, new in names.items():
            connection.execute(
                sa.update(OPERATIONS)
                .where(OPERATIONS.c.action == action, OPERATIONS.c.step == old)
                .values(step=new)
            )
            connection.execute(
                sa.update(STEPS)
                .where(
                    STEPS.c.operation_uuid.in_(of_action), STEPS.c.name == old
                )
                .values(name=new)
            )
    rename_keys(connection)


def rename_keys(connection):
    """Rename the keys of those intents and results that have old ones."""
    undoing = sa.select(OPERATIONS.c.uuid).where(OPERATIONS.c.undoing)
    query = sa.select(STEPS).where(
        sa.or_(
            STEPS.c.name.in_(STEPS_WITH_KEYS),
            STEPS.c.operation_uuid.in_(undoing),
        )
    )
    for row in connection.execute(query).all():
        changed = {
            name: {KEYS.get(key, key): item for key, item in value.items()}
            for name, value in (('intent', row.intent), ('result', row.result))
            if value and KEYS.keys() & value
        }
        if changed:
            connection.execute(
                sa.update(STEPS)
                .where(STEPS.c.uuid == row.uuid)
                .values(**changed)
            )
