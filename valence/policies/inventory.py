# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

# Of devices, projects see those that they have and those that they could have.
RULES = [
    base.rule(resource, verb, check, doc, f'GET {path}')
    for resource, plural, check in (
        ('rack', 'racks', base.SYSTEM_READER),
        ('chassis', 'chassis', base.SYSTEM_READER),
        ('system', 'systems', base.SYSTEM_READER),
        ('device', 'devices', base.PROJECT_READER),
        ('storage', 'storages', base.SYSTEM_READER),
    )
    for verb, doc, path in (
        ('list', f'List {plural}.', f'/v1/{plural}'),
        ('show', f'Show one of the {plural}.', f'/v1/{plural}/{{id}}'),
    )
] + [
    base.rule(
        resource,
        'unreserve',
        base.ADMIN,
        f'Free one of the {plural} that is reserved to a project.',
        f'DELETE /v1/{plural}/{{id}}/reservation',
    )
    for resource, plural in (('system', 'systems'), ('device', 'devices'))
]
RULES.append(
    base.rule(
        'device',
        'sync',
        base.ADMIN,
        'Read the inventory of every pod manager anew.',
        'POST /v1/devices/sync',
    )
)
RULES.append(
    base.rule(
        'capacity',
        'show',
        base.SYSTEM_READER,
        'Show what all pod managers have together.',
        'GET /v1/capacity',
    )
)
