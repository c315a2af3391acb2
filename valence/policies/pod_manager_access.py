# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

_LIST = '/v1/pod_managers/{id}/access'

RULES = [
    base.rule(
        'pod_manager_access',
        'list',
        base.SYSTEM_READER,
        'List the projects that can use a pod manager that is not public.',
        f'GET {_LIST}',
    ),
    base.rule(
        'pod_manager_access',
        'create',
        base.ADMIN,
        'Grant a project access to a pod manager.',
        f'POST {_LIST}',
    ),
    base.rule(
        'pod_manager_access',
        'delete',
        base.ADMIN,
        'Revoke the access of a project to a pod manager.',
        f'DELETE {_LIST}/{{project_id}}',
    ),
]
