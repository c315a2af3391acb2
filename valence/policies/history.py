# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(
        'history',
        'list',
        base.SYSTEM_READER,
        'List what a pod manager, a system or a device was.',
        'GET /v1/pod_managers/{id}/history',
        'GET /v1/systems/{id}/history',
        'GET /v1/devices/{id}/history',
    ),
    base.rule(
        'node_history',
        'list',
        base.PROJECT_READER,
        'List what a node was.',
        'GET /v1/nodes/{id}/history',
    ),
]
