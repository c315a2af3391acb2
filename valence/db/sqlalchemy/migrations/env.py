# SPDX-License-Identifier: Apache-2.0
from alembic import context

from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types
from valence.db.sqlalchemy.migrations import resume  # noqa: F401


def _render_item(kind, item, autogen_context):
    """Write our own column types by name, not with all their variants."""
    if kind != 'type':
        return False
    if isinstance(item, types.String):
        return f'sa.String({item.length})'
    if isinstance(item, types.Name):
        return f'types.Name({item.length})'
    if isinstance(item, types.Text):
        return 'types.Text'
    # New tables have copies of it.
    if isinstance(item, type(types.Json)):
        return 'types.Json'
    return 'types.DateTime' if item is types.DateTime else False


context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=models.Base.metadata,
    render_item=_render_item,
)
with context.begin_transaction():
    context.run_migrations()
