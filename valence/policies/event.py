# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(
        'event',
        'create',
        '@',
        'Receive an event from a pod manager. The secret in the path '
        'authenticates the pod manager; it has no token.',
        'POST /v1/events/{id}/{secret}',
    ),
]
