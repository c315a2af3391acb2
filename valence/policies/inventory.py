# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

RULES = [
    base.rule(resource, verb, base.SYSTEM_READER, doc, f'GET {path}')
    for resource, plural in (
        ('rack', 'racks'),
        ('chassis', 'chassis'),
        ('system', 'systems'),
    )
    for verb, doc, path in (
        ('list', f'List {plural}.', f'/v1/{plural}'),
        ('show', f'Show one of the {plural}.', f'/v1/{plural}/{{id}}'),
    )
]
