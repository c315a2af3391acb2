# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(
        'event',
        'list',
        base.PROJECT_READER,
        'List the events of resources.',
        'GET /v1/events',
    ),
    base.rule(
        'event',
        'show',
        base.PROJECT_READER,
        'Show an event of a resource.',
        'GET /v1/events/{id}',
    ),
    base.rule(
        'event',
        'create',
        '@',
        'Receive an event from a pod manager. The secret in the path '
        'authenticates the pod manager; it has no token.',
        'POST /v1/events/{id}/{secret}',
    ),
]
