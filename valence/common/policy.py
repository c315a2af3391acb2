# SPDX-License-Identifier: Apache-2.0
"""Authorization: oslo.policy with the rules in code."""

import functools

from oslo_config import cfg
from oslo_policy import policy

from valence import policies
from valence.common import context
from valence.common import exception


@functools.cache
def get_enforcer() -> policy.Enforcer:
    """The enforcer with all rules; the sample generators use it, too."""
    enforcer = policy.Enforcer(cfg.CONF)
    enforcer.register_defaults(policies.list_rules())
    enforcer.load_rules()
    return enforcer


def allows(ctx: context.RequestContext, rule: str) -> bool:
    """Whether a rule allows the caller to access its own resources.

    Resources of other projects are hidden, so that no rule is ever checked
    for them.
    """
    ctx.checked_rules.add(rule)
    return get_enforcer().authorize(rule, _own(ctx), ctx)


def authorize(ctx: context.RequestContext, rule: str) -> None:
    """Check that a rule allows the caller to access its own resources.

    :raises Forbidden: if it does not.
    """
    try:
        allowed = allows(ctx, rule)
    except policy.InvalidScope:
        allowed = False
    if not allowed:
        raise exception.Forbidden(action=rule)


def _own(ctx: context.RequestContext) -> dict[str, str]:
    """The target of a rule: the project and the user, if there are any."""
    target = {'project_id': ctx.project_id, 'user_id': ctx.user_id}
    return {name: value for name, value in target.items() if value}
