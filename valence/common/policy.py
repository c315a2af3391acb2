# SPDX-License-Identifier: Apache-2.0
"""Whether the asker may do it: oslo.policy with the rules in code."""

import functools
from typing import Any

from oslo_config import cfg
from oslo_policy import policy

from valence import policies
from valence.common import context
from valence.common import exception


@functools.cache
def get_enforcer() -> policy.Enforcer:
    """The enforcer with all rules; also what the generators ask for."""
    enforcer = policy.Enforcer(cfg.CONF)
    enforcer.register_defaults(policies.list_rules())
    enforcer.load_rules()
    return enforcer


def allows(ctx: context.RequestContext, rule: str) -> bool:
    """Whether the rule lets the asker touch what is the asker's own.

    What belongs to another project is not there for the asker, so that no
    rule is ever asked about it.
    """
    ctx.asked.add(rule)
    return get_enforcer().authorize(rule, _own(ctx), ctx)


def authorize(ctx: context.RequestContext, rule: str) -> None:
    """Stop unless the rule lets the asker touch what is the asker's own.

    :raises Forbidden: when the rule says no.
    """
    try:
        allowed = allows(ctx, rule)
    except policy.InvalidScope:
        allowed = False
    if not allowed:
        raise exception.Forbidden(action=rule)


def _own(ctx: context.RequestContext) -> dict[str, Any]:
    """What rules look at: the project and the user, where there are any."""
    target = {'project_id': ctx.project_id, 'user_id': ctx.user_id}
    return {name: value for name, value in target.items() if value}
