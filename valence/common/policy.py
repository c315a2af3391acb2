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


def authorize(
    ctx: context.RequestContext, rule: str, target: dict[str, Any]
) -> None:
    """Stop unless the rule lets the asker touch the target.

    :param target: the attributes that rules look at, such as ``project_id``.
    :raises Forbidden: when the rule says no.
    """
    get_enforcer().authorize(
        rule,
        target,
        ctx,
        do_raise=True,
        exc=exception.Forbidden,
        action=rule,
    )
