# SPDX-License-Identifier: Apache-2.0
from oslo_policy import policy

ADMIN = 'rule:admin'
SYSTEM_READER = 'rule:system_reader'
PROJECT_READER = 'rule:project_reader'
PROJECT_MEMBER = 'rule:project_member'

RULES = [
    policy.RuleDefault(
        'admin',
        'role:admin',
        description='Administrators.',
    ),
    policy.RuleDefault(
        'system_reader',
        'rule:admin or role:service or (role:reader and system_scope:all)',
        description='Users, and services of the cloud, who can see the '
        'resources of all projects.',
    ),
    policy.RuleDefault(
        'project_member',
        'rule:admin or (role:member and project_id:%(project_id)s)',
        description='Members and managers of the project that owns the '
        'resource.',
    ),
    policy.RuleDefault(
        'project_reader',
        'rule:system_reader or (role:reader and project_id:%(project_id)s)',
        description='Readers of the project that owns the resource.',
    ),
]


def rule(
    resource: str, verb: str, check: str, doc: str, *operations: str
) -> policy.DocumentedRuleDefault:
    """A documented rule.

    :param operations: the operations that it protects, as ``METHOD /path``.
    """
    return policy.DocumentedRuleDefault(
        f'composable:{resource}:{verb}',
        check,
        doc,
        [
            {'method': method, 'path': path}
            for method, path in (text.split() for text in operations)
        ],
        scope_types=['system', 'project'],
    )
