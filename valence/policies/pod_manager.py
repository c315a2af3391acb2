# SPDX-License-Identifier: Apache-2.0
from oslo_policy import policy

from valence.policies import base

_ONE = ('/v1/pod_managers/{id}', '/v1/pod_manager/{id}')


def _rule(
    verb: str, check: str, doc: str, *operations: str
) -> policy.DocumentedRuleDefault:
    return base.rule('pod_manager', verb, check, doc, *operations)


RULES = [
    _rule(
        'list',
        base.PROJECT_READER,
        'List pod managers. Projects see name, status and location of those '
        'that they can use.',
        'GET /v1/pod_managers',
    ),
    _rule(
        'show',
        base.PROJECT_READER,
        'Show a pod manager. Projects see name, status and location of those '
        'that they can use.',
        *(f'GET {path}' for path in _ONE),
    ),
    _rule(
        'create',
        base.ADMIN,
        'Register a pod manager.',
        'POST /v1/pod_managers',
    ),
    _rule(
        'update',
        base.ADMIN,
        'Change a pod manager.',
        *(f'{method} {path}' for path in _ONE for method in ('PUT', 'PATCH')),
    ),
    _rule(
        'delete',
        base.ADMIN,
        'Delete a pod manager.',
        *(f'DELETE {path}' for path in _ONE),
    ),
    _rule(
        'topology',
        base.SYSTEM_READER,
        'Show the chassis and systems of a pod manager as a tree.',
        'GET /v1/pod_managers/{id}/topology',
    ),
    _rule(
        'sync',
        base.ADMIN,
        'Read the inventory of a pod manager again.',
        'POST /v1/pod_managers/{id}/sync',
    ),
]
