# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(
        'event',
        'create',
        '@',
        'Deliver an event of a pod manager. It proves itself by the secret '
        'in the path, not by a token.',
        'POST /v1/events/{id}/{secret}',
    ),
]
