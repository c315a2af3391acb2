# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(
        'finding',
        'list',
        base.SYSTEM_READER,
        'List findings.',
        'GET /v1/findings',
    ),
    base.rule(
        'finding',
        'show',
        base.SYSTEM_READER,
        'Show a finding.',
        'GET /v1/findings/{id}',
    ),
    base.rule(
        'finding',
        'action',
        base.ADMIN,
        'Adopt, release, forget or accept what a finding is about.',
        'POST /v1/findings/{id}/action',
    ),
]
