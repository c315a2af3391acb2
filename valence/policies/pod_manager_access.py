# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

_LIST = '/v1/pod_managers/{id}/access'

RULES = [
    base.rule(
        'pod_manager_access',
        'list',
        base.SYSTEM_READER,
        'List the projects that may use a pod manager that is not public.',
        f'GET {_LIST}',
    ),
    base.rule(
        'pod_manager_access',
        'create',
        base.ADMIN,
        'Let a project use a pod manager.',
        f'POST {_LIST}',
    ),
    base.rule(
        'pod_manager_access',
        'delete',
        base.ADMIN,
        'Let a project use a pod manager no longer.',
        f'DELETE {_LIST}/{{project_id}}',
    ),
]
