# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(
        'conductor',
        'list',
        base.SYSTEM_READER,
        'List the running conductors.',
        'GET /v1/conductors',
    ),
    base.rule(
        'driver',
        'list',
        base.PROJECT_READER,
        'List the installed drivers.',
        'GET /v1/drivers',
    ),
]
