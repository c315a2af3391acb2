# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

# Projects can see devices that are allocated or available to them.
RULES = [
    base.rule(resource, verb, check, doc.replace('_', ' '), f'GET {path}')
    for resource, plural, check in (
        ('capacity_sample', 'capacity_samples', base.SYSTEM_READER),
        ('rack', 'racks', base.SYSTEM_READER),
        ('chassis', 'chassis', base.SYSTEM_READER),
        ('system', 'systems', base.SYSTEM_READER),
        ('device', 'devices', base.PROJECT_READER),
        ('storage', 'storages', base.SYSTEM_READER),
    )
    for verb, doc, path in (
        ('list', f'List {plural}.', f'/v1/{plural}'),
        ('show', f'Show a {resource}.', f'/v1/{plural}/{{id}}'),
    )
] + [
    base.rule(
        resource,
        'unreserve',
        base.ADMIN,
        f'Remove the reservation of a {resource} for a project.',
        f'DELETE /v1/{plural}/{{id}}/reservation',
    )
    for resource, plural in (('system', 'systems'), ('device', 'devices'))
]
RULES += [
    base.rule(
        resource,
        'update',
        base.ADMIN,
        f'Change the tags of a {resource}.',
        f'PATCH /v1/{plural}/{{id}}',
    )
    for resource, plural in (
        ('chassis', 'chassis'),
        ('system', 'systems'),
        ('device', 'devices'),
    )
]
RULES.append(
    base.rule(
        'device',
        'sync',
        base.ADMIN,
        'Read the inventory of every pod manager again.',
        'POST /v1/devices/sync',
    )
)
RULES.append(
    base.rule(
        'capacity',
        'show',
        base.SYSTEM_READER,
        'Show the capacity of all pod managers.',
        'GET /v1/capacity',
    )
)
