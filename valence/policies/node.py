# SPDX-License-Identifier: Apache-2.0
from oslo_policy import policy

from valence.policies import base


def _rule(
    verb: str, check: str, doc: str, *operations: str
) -> policy.DocumentedRuleDefault:
    return base.rule('node', verb, check, doc, *operations)


RULES = [
    _rule('list', base.PROJECT_READER, 'List nodes.', 'GET /v1/nodes'),
    _rule('show', base.PROJECT_READER, 'Show a node.', 'GET /v1/nodes/{id}'),
    _rule('create', base.PROJECT_MEMBER, 'Compose a node.', 'POST /v1/nodes'),
    _rule(
        'update',
        base.PROJECT_MEMBER,
        'Change name, description or lease of a node.',
        'PATCH /v1/nodes/{id}',
    ),
    _rule(
        'delete',
        base.PROJECT_MEMBER,
        'Release a node.',
        'DELETE /v1/nodes/{id}',
    ),
    _rule(
        'force_delete',
        base.ADMIN,
        'Delete a node from the database only, even if its pod manager fails.',
        'DELETE /v1/nodes/{id}',
    ),
    _rule(
        'force_lease',
        base.ADMIN,
        'Set when a node whose lease is over is taken from Ironic even if it '
        'has an instance.',
        'PATCH /v1/nodes/{id}',
    ),
    _rule(
        'storages',
        base.PROJECT_READER,
        'Show the storage of a node.',
        'GET /v1/nodes/{id}/storages',
    ),
    _rule(
        'preview',
        base.PROJECT_MEMBER,
        'Show where a node would be composed.',
        'POST /v1/nodes/preview',
    ),
    _rule(
        'choose',
        base.ADMIN,
        'Compose a node from exact resources, require drives by their serial '
        'numbers, in flavors too, and see in a preview which resources would '
        'be used.',
        'POST /v1/nodes',
        'POST /v1/nodes/preview',
    ),
    _rule(
        'manage',
        base.ADMIN,
        'Adopt a node that exists on a pod manager.',
        'POST /v1/nodes/manage',
    ),
    _rule(
        'action',
        base.PROJECT_MEMBER,
        'Perform an action on a node, such as a reset.',
        'POST /v1/nodes/{id}/action',
    ),
    _rule(
        'register',
        base.PROJECT_MEMBER,
        'Register a node with Ironic.',
        'POST /v1/nodes/{id}/register',
    ),
    _rule(
        'unregister',
        base.PROJECT_MEMBER,
        'Remove a node from Ironic.',
        'POST /v1/nodes/{id}/unregister',
    ),
]
