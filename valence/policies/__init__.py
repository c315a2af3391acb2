# SPDX-License-Identifier: Apache-2.0
"""The policy rules: one module for each resource."""

import importlib
import pkgutil

from oslo_policy import policy


def list_rules() -> list[policy.RuleDefault]:
    """All rules with default, description and operations."""
    rules: list[policy.RuleDefault] = []
    for info in sorted(
        pkgutil.iter_modules(__path__), key=lambda info: info.name != 'base'
    ):
        module = importlib.import_module(f'{__name__}.{info.name}')
        rules.extend(module.RULES)
    return rules
