# SPDX-License-Identifier: Apache-2.0
from oslo_policy import policy

from valence.policies import base


def _rule(
    verb: str, check: str, doc: str, *operations: str
) -> policy.DocumentedRuleDefault:
    return base.rule('hold', verb, check, doc, *operations)


RULES = [
    _rule('list', base.PROJECT_READER, 'List holds.', 'GET /v1/holds'),
    _rule('show', base.PROJECT_READER, 'Show a hold.', 'GET /v1/holds/{id}'),
    _rule(
        'create',
        base.PROJECT_MEMBER,
        'Hold hardware, also what a preview shows.',
        'POST /v1/holds',
        'POST /v1/nodes/preview',
    ),
    _rule(
        'update',
        base.PROJECT_MEMBER,
        'Change when a hold expires.',
        'PATCH /v1/holds/{id}',
    ),
    _rule(
        'delete',
        base.PROJECT_MEMBER,
        'Delete a hold.',
        'DELETE /v1/holds/{id}',
    ),
]
