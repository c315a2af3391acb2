# SPDX-License-Identifier: Apache-2.0
"""Authorization: oslo.policy with the rules in code.

oslo.policy looks for changed files at each check, and evaluates the rule. Both
is done less often here: the files are looked at once a second, and a rule is
evaluated once for all callers that it cannot distinguish.
"""

import functools
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

from oslo_config import cfg
from oslo_policy import policy

from valence import policies
from valence.common import context
from valence.common import exception

# How often policy files are looked at, in seconds.
_RELOAD_SECONDS = 1.0
# How many decisions are remembered at most.
_MAX_DECISIONS = 4096
# What a rule may compare with the caller, who is the target too.
_TARGET = ('project_id', 'user_id')
_REFERENCE = re.compile(r'%\((\w+)\)')


def _kind_of(check: str) -> type:
    return type(policy.RuleDefault('kind', check).check)


_ROLE = _kind_of('role:x')
_COMPARISON = _kind_of('x:x')
_CONSTANTS = (_kind_of('@'), _kind_of('!'))


@functools.cache
def get_enforcer() -> policy.Enforcer:
    """The enforcer with all rules; the sample generators use it, too."""
    enforcer = policy.Enforcer(cfg.CONF)
    enforcer.register_defaults(policies.list_rules())
    enforcer.load_rules()
    return enforcer


class _Unknown(Exception):
    """A check may depend on anything, such as the answer of a server."""


class _Decisions:
    """What the rules decide, by what they depend on.

    :ivar facts: by rule, the names of the attributes of the caller's context
        that it depends on; with a question mark, on whether there is a value.
        A rule that may depend on more is not in it.
    """

    def __init__(self, enforcer: policy.Enforcer) -> None:
        self._enforcer = enforcer
        self._rules = enforcer.rules
        self.facts: dict[str, tuple[str, ...]] = {}
        for rule in enforcer.registered_rules:
            try:
                found = _facts(self._rules, self._rules[rule], ())
                self.facts[rule] = tuple(sorted({*_SCOPE, *found}))
            except (_Unknown, KeyError):
                continue
        self._known: dict[tuple[object, ...], bool] = {}

    def is_current(self) -> bool:
        """Whether no rule has changed."""
        return self._enforcer.rules is self._rules

    def allows(self, ctx: context.RequestContext, rule: str) -> bool:
        """Whether a rule allows the caller to access its own resources."""
        facts = self.facts.get(rule)
        if facts is None:
            return self._enforcer.authorize(rule, _own(ctx), ctx)
        key = rule, *(_value(ctx, fact) for fact in facts)
        found = self._known.get(key)
        if found is None:
            with _lock:
                found = self._enforcer.authorize(rule, _own(ctx), ctx)
                if len(self._known) >= _MAX_DECISIONS:
                    self._known.clear()
                if self.is_current():
                    self._known[key] = found
        return found


# Held while rules change, which takes several steps.
_lock = threading.Lock()
_decisions: tuple[float, _Decisions] | None = None
# What the scope of a rule is compared with.
_SCOPE = ('?domain_id', '?project_id', '?system_scope')


def _facts(
    rules: policy.Rules, check: Any, parents: tuple[str, ...]
) -> Iterator[str]:
    """What a check depends on.

    :param parents: the rules that refer to it.
    :raises _Unknown: when that cannot be told.
    """
    kind = type(check)
    if kind in _CONSTANTS:
        return
    if kind is policy.NotCheck:
        yield from _facts(rules, check.rule, parents)
    elif kind in (policy.AndCheck, policy.OrCheck):
        for one in check.rules:
            yield from _facts(rules, one, parents)
    elif kind is policy.RuleCheck and check.match not in parents:
        # A rule that does not exist is never true.
        if check.match in rules:
            rule = rules[check.match]
            yield from _facts(rules, rule, (*parents, check.match))
    elif kind in (_ROLE, _COMPARISON):
        yield from _compared(check)
    else:
        raise _Unknown


def _compared(check: policy.Check) -> Iterator[str]:
    """What a comparison of the caller with a text depends on."""
    named = _REFERENCE.findall(check.match)
    own = 'roles' if type(check) is _ROLE else check.kind.partition('.')[0]
    if own in _TARGET and check.match == f'%({own})s':
        # They are the same: the target is the caller.
        yield f'?{own}'
        return
    for name in (own, *(name for name in named if name in _TARGET)):
        if name in _ATTRIBUTES:
            yield name


_ATTRIBUTES = frozenset(context.anonymous().to_policy_values())


def _value(ctx: context.RequestContext, fact: str) -> object:
    if fact[0] == '?':
        return bool(getattr(ctx, fact[1:]))
    value = getattr(ctx, fact)
    return tuple(value) if isinstance(value, list) else value


def _current() -> _Decisions:
    """The decisions of the present rules; reads them if files changed."""
    global _decisions
    now = time.monotonic()
    kept = _decisions
    if kept is not None and now < kept[0]:
        return kept[1]
    enforcer = get_enforcer()
    with _lock:
        enforcer.load_rules()
        decisions = kept[1] if kept is not None else None
        if decisions is None or not decisions.is_current():
            decisions = _Decisions(enforcer)
        _decisions = now + _RELOAD_SECONDS, decisions
    return decisions


def forget() -> None:
    """Read the configuration again at the next check."""
    global _decisions
    _decisions = None
    get_enforcer.cache_clear()


def allows(ctx: context.RequestContext, rule: str) -> bool:
    """Whether a rule allows the caller to access its own resources.

    Resources of other projects are hidden, so that no rule is ever checked
    for them.
    """
    ctx.checked_rules.add(rule)
    return _current().allows(ctx, rule)


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
