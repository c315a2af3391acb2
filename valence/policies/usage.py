# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(
        'usage',
        'show',
        base.PROJECT_READER,
        'Show the usage of a project.',
        'GET /v1/usage',
    ),
]
