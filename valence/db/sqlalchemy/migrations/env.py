# SPDX-License-Identifier: Apache-2.0
from alembic import context

from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types


def _render_item(kind, item, autogen_context):
    """Write our own column types by name, not with all their variants."""
    if kind != 'type':
        return False
    for name in ('DateTime', 'Json', 'Text'):
        if item is getattr(types, name):
            return f'types.{name}'
    if 'postgresql' in item._variant_mapping:
        return f'types.Name({item.length})'
    return False


context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=models.Base.metadata,
    render_item=_render_item,
)
with context.begin_transaction():
    context.run_migrations()
