# SPDX-License-Identifier: Apache-2.0
from oslo_policy import policy

from valence.policies import base


def _rule(
    verb: str, check: str, doc: str, *operations: str
) -> policy.DocumentedRuleDefault:
    return base.rule('pool', verb, check, doc, *operations)


RULES = [
    _rule('list', base.SYSTEM_READER, 'List pools.', 'GET /v1/pools'),
    _rule('show', base.SYSTEM_READER, 'Show a pool.', 'GET /v1/pools/{id}'),
    _rule('create', base.ADMIN, 'Create a pool.', 'POST /v1/pools'),
    _rule('update', base.ADMIN, 'Change a pool.', 'PATCH /v1/pools/{id}'),
    _rule('delete', base.ADMIN, 'Delete a pool.', 'DELETE /v1/pools/{id}'),
    _rule(
        'action',
        base.ADMIN,
        'Release the nodes of a pool that are ready.',
        'POST /v1/pools/{id}/action',
    ),
]
