# SPDX-License-Identifier: Apache-2.0
"""Who may do what: one module a resource, found by being here."""

import importlib
import pkgutil

from oslo_policy import policy


def list_rules() -> list[policy.RuleDefault]:
    """Every rule with its default, its prose and what it guards."""
    rules: list[policy.RuleDefault] = []
    for info in sorted(
        pkgutil.iter_modules(__path__), key=lambda info: info.name != 'base'
    ):
        module = importlib.import_module(f'{__name__}.{info.name}')
        rules.extend(module.RULES)
    return rules
