# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(
        'condition',
        'list',
        base.SYSTEM_READER,
        'List conditions.',
        'GET /v1/conditions',
    ),
    base.rule(
        'condition',
        'show',
        base.SYSTEM_READER,
        'Show a condition.',
        'GET /v1/conditions/{id}',
    ),
    base.rule(
        'condition',
        'create',
        base.ADMIN,
        'Set a condition.',
        'POST /v1/conditions',
    ),
    base.rule(
        'condition',
        'delete',
        base.ADMIN,
        'Delete a condition.',
        'DELETE /v1/conditions/{id}',
    ),
]
