# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(
        'operation',
        'list',
        base.PROJECT_READER,
        'List operations.',
        'GET /v1/operations',
    ),
    base.rule(
        'operation',
        'show',
        base.PROJECT_READER,
        'Show an operation.',
        'GET /v1/operations/{id}',
    ),
    base.rule(
        'operation',
        'delete',
        base.PROJECT_MEMBER,
        'Cancel an operation.',
        'DELETE /v1/operations/{id}',
    ),
]
