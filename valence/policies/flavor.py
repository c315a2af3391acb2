# SPDX-License-Identifier: Apache-2.0
from oslo_policy import policy

from valence.policies import base


def _rule(
    verb: str, check: str, doc: str, *operations: str
) -> policy.DocumentedRuleDefault:
    return base.rule('flavor', verb, check, doc, *operations)


RULES = [
    _rule('list', base.PROJECT_READER, 'List flavors.', 'GET /v1/flavors'),
    _rule(
        'show',
        base.PROJECT_READER,
        'Show a flavor.',
        'GET /v1/flavors/{id}',
    ),
    _rule(
        'choices',
        base.PROJECT_READER,
        'Show which texts requirements can have.',
        'GET /v1/flavors/choices',
    ),
    _rule(
        'create',
        base.PROJECT_MEMBER,
        'Create a flavor.',
        'POST /v1/flavors',
    ),
    _rule(
        'update',
        base.PROJECT_MEMBER,
        'Change a flavor.',
        'PATCH /v1/flavors/{id}',
    ),
    _rule(
        'delete',
        base.PROJECT_MEMBER,
        'Delete a flavor.',
        'DELETE /v1/flavors/{id}',
    ),
    _rule(
        'publish',
        base.ADMIN,
        'Create, change or delete a flavor that all projects can use.',
        'POST /v1/flavors',
        'PATCH /v1/flavors/{id}',
        'DELETE /v1/flavors/{id}',
    ),
    _rule(
        'publish_to_nova',
        base.ADMIN,
        'Create a flavor in Nova, or bring it up to date there.',
        'POST /v1/flavors/{id}/publish',
    ),
    _rule(
        'unpublish_from_nova',
        base.ADMIN,
        'Delete a flavor in Nova that was published.',
        'POST /v1/flavors/{id}/unpublish',
    ),
]
