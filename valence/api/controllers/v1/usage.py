# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta

from oslo_config import cfg

from valence.api import query
from valence.api.controllers.v1 import base
from valence.common import schemas
from valence.db import api as db
from valence.db import usage
from valence.objects import fields
from valence.objects.fields import Audience

_DEFAULT_DAYS = 30
_TEXT = {'type': ['string', 'null']}
_NUMBER = {'type': 'number'}
_USAGE = fields.ListField(
    items=schemas.closed(
        {
            **dict.fromkeys(usage.GROUPS.values(), _TEXT),
            'seconds': {'description': 'Seconds of parts.', **_NUMBER},
            'core_seconds': {
                'description': 'Seconds multiplied by processor cores.',
                **_NUMBER,
            },
            'memory_mib_seconds': {
                'description': 'Seconds multiplied by MiB of memory.',
                **_NUMBER,
            },
        },
        required=['seconds', 'core_seconds', 'memory_mib_seconds'],
    ),
    doc='Usage of each group: what it is grouped by, and sums.',
)
_START = fields.DateTimeField(
    doc='Beginning of the period; default: 30 days before its end.',
    tzinfo_aware=False,
)
_END = fields.DateTimeField(
    doc='End of the period: now, if it is not before.', tzinfo_aware=False
)


class Usage:
    """Who used what, and for how long."""

    object = None

    @base.verb(
        params={
            'start': _START,
            'end': _END,
            'project': fields.StringField(
                doc='Project whose usage to show; default: all that you can '
                'see.',
                max_length=255,
            ),
            'group_by': fields.StringField(
                doc='What to group by, separated by commas: project, node, '
                'hold, pod_manager, kind, model.',
                default='kind,model',
                max_length=64,
            ),
        },
        answer={'start': _START, 'end': _END, 'usage': _USAGE},
    )
    def show(self, call: base.Call) -> base.Answer:
        """Show usage in seconds, by kind and model of parts.

        The kind is system or the type of a device; requested: what a node is
        charged until hardware is selected; held: what a hold keeps.
        """
        params = call.params
        now = db.now()
        # What goes on is not used beyond now.
        end = min(params['end'] or now, now)
        start = params['start'] or end - timedelta(days=_DEFAULT_DAYS)
        if start >= end:
            raise query.invalid('start', 'must be before the end, and now')
        groups = _groups(params['group_by'])
        limit: int = cfg.CONF.api.max_limit
        with db.reader() as tx:
            found = usage.total(
                tx, start, end, groups, _where(call), limit + 1
            )
        if len(found) > limit:
            raise query.invalid(
                'group_by',
                f'makes more than {limit} groups; choose a project, or fewer '
                'groups',
            )
        return {'start': start, 'end': end, 'usage': found}


def _groups(text: str) -> list[str]:
    names = list(dict.fromkeys(text.split(',')))
    for name in names:
        if name not in usage.GROUPS:
            known = ', '.join(usage.GROUPS)
            raise query.invalid('group_by', f'must be some of: {known}')
    return names


def _where(call: base.Call) -> dict[str, str | None]:
    """The projects whose usage is shown; members see that of their own."""
    given = call.params['project']
    own = call.context.project_id or ''
    if call.audience < Audience.SYSTEM:
        # That of others is hidden, as if they had none.
        return {'project_id': own if given in (None, own) else ''}
    return {} if given is None else {'project_id': given}
