# SPDX-License-Identifier: Apache-2.0
"""Every endpoint, and what each persona gets there."""

from valence.tests.fixtures.personas import OWN

# The personas in the order of the columns below.
WHO = ('admin', 'service', 'manager', 'member', 'reader', 'system_reader')

_FLAVOR = {'name': 'new', 'properties': {}, 'is_public': False}
_UNSAID = {'name': 'new', 'properties': {}}
_PUBLIC = {**_FLAVOR, 'is_public': True}
MANAGE = {'name': 'new', 'pod_manager': 'open', 'resource_uri': '/Nodes/9'}
_EXACT = {'name': 'new', 'resources': ['open-system']}
_RESET = {'Reset': {'Type': 'On'}}
_ATTACH = 'attach'
_HOLD = {'name': 'new', 'seconds': 60}
_LATER = {'seconds': 60}
_POOL = {'name': 'new', 'flavor': 'public', 'max_nodes': 1}
_CONDITION = {
    'subject': 'pod_manager',
    'subject_id': 'open',
    'code': 'new',
    'message': 'A test.',
}
EVENT = 'events/{id}/{secret}'
_GRANT = 'pod_managers/{id}/access/{project_id}'

# Method, path, the object that it names, body; then what each persona gets.
# 404 stands where the object is not there for the asker.
TABLE = [
    # Pod managers: open is public, granted is open to the own project, closed
    # to the other one.
    ('GET', 'pod_managers', '', None, '200 200 200 200 200 200'),
    ('GET', 'pod_managers/{id}', 'open', None, '200 200 200 200 200 200'),
    ('GET', 'pod_managers/{id}', 'granted', None, '200 200 200 200 200 200'),
    ('GET', 'pod_managers/{id}', 'closed', None, '200 200 404 404 404 200'),
    ('GET', 'pod_manager/{id}', 'open', None, '200 200 200 200 200 200'),
    ('GET', 'pod_manager/{id}', 'closed', None, '200 200 404 404 404 200'),
    *[
        row
        for one in ('pod_managers', 'pod_manager')
        for name in ('spare', 'closed')
        for row in (
            ('PUT', one + '/{id}', name, {}, '200 403 403 403 403 403'),
            ('PATCH', one + '/{id}', name, {}, '200 403 403 403 403 403'),
            (
                'DELETE',
                one + '/{id}',
                name,
                None,
                '204 403 403 403 403 403',
            ),
        )
    ],
    (
        'POST',
        'pod_managers',
        '',
        {'name': 'new', 'url': 'http://new.example'},
        '201 403 403 403 403 403',
    ),
    (
        'POST',
        'pod_managers/{id}/sync',
        'open',
        None,
        '202 403 403 403 403 403',
    ),
    (
        'GET',
        'pod_managers/{id}/topology',
        'open',
        None,
        '200 200 403 403 403 200',
    ),
    (
        'GET',
        'pod_managers/{id}/access',
        'granted',
        None,
        '200 200 403 403 403 200',
    ),
    (
        'POST',
        'pod_managers/{id}/access',
        'closed',
        {'project_id': OWN},
        '201 403 403 403 403 403',
    ),
    ('DELETE', _GRANT, 'granted', None, '204 403 403 403 403 403'),
    # The inventory.
    *[
        ('GET', path, name, None, '200 200 403 403 403 200')
        for path, name in (
            *(('capacity', ''), ('capacity_samples', ''), ('racks', '')),
            *(('chassis', ''), ('systems', ''), ('storages', '')),
            *(('racks/{id}', 'open-rack'), ('chassis/{id}', 'open-rack')),
            ('capacity_samples/{id}', 'sample'),
            ('systems/{id}', 'open-system'),
            ('storages/{id}', 'open-storage'),
        )
    ],
    *[
        ('PATCH', path, name, {}, '200 403 403 403 403 403')
        for path, name in (
            *(('chassis/{id}', 'open-rack'), ('systems/{id}', 'open-system')),
            *(('devices/{id}', 'open-free'), ('devices/{id}', 'own-device')),
        )
    ],
    ('GET', 'devices', '', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'open-free', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'granted-free', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'closed-free', None, '200 200 404 404 404 200'),
    ('GET', 'devices/{id}', 'own-device', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'other-device', None, '200 200 404 404 404 200'),
    ('GET', 'devices/{id}', 'own-kept', None, '200 200 200 200 200 200'),
    ('GET', 'devices/{id}', 'other-kept', None, '200 200 404 404 404 200'),
    ('POST', 'devices/sync', '', None, '202 403 403 403 403 403'),
    *[
        ('DELETE', path, name, None, '204 403 403 403 403 403')
        for path, name in (
            ('devices/{id}/reservation', 'own-kept'),
            ('systems/{id}/reservation', 'kept-system'),
        )
    ],
    # Flavors.
    ('GET', 'flavors', '', None, '200 200 200 200 200 200'),
    ('GET', 'flavors/choices', '', None, '200 200 200 200 200 200'),
    ('POST', 'flavors', '', _FLAVOR, '201 403 201 201 403 403'),
    ('POST', 'flavors', '', _UNSAID, '201 403 201 201 403 403'),
    ('POST', 'flavors', '', _PUBLIC, '201 403 403 403 403 403'),
    ('GET', 'flavors/{id}', 'public', None, '200 200 200 200 200 200'),
    ('GET', 'flavors/{id}', 'own', None, '200 200 200 200 200 200'),
    ('GET', 'flavors/{id}', 'other', None, '200 200 404 404 404 200'),
    ('PATCH', 'flavors/{id}', 'public', {}, '200 403 403 403 403 403'),
    ('PATCH', 'flavors/{id}', 'own', {}, '200 403 200 200 403 403'),
    ('PATCH', 'flavors/{id}', 'other', {}, '200 403 404 404 403 403'),
    ('DELETE', 'flavors/{id}', 'public', None, '204 403 403 403 403 403'),
    ('DELETE', 'flavors/{id}', 'own', None, '204 403 204 204 403 403'),
    ('DELETE', 'flavors/{id}', 'other', None, '204 403 404 404 403 403'),
    *[
        ('POST', f'flavors/{{id}}/{verb}', name, body, f'{code} {others}')
        for verb, name, body, code in (
            ('publish', 'public', {}, 202),
            ('publish', 'own', {}, 202),
            ('publish', 'other', {}, 202),
            ('unpublish', 'published', None, 202),
            ('unpublish', 'own', None, 409),
            ('unpublish', 'other', None, 409),
        )
        for others in ('403 403 403 403 403',)
    ],
    # Holds.
    ('GET', 'holds', '', None, '200 200 200 200 200 200'),
    ('POST', 'holds', '', _HOLD, '201 403 201 201 403 403'),
    (
        'POST',
        'holds',
        '',
        {**_HOLD, 'resources': ['open-system']},
        '201 403 403 403 403 403',
    ),
    ('GET', 'holds/{id}', 'own-hold', None, '200 200 200 200 200 200'),
    ('GET', 'holds/{id}', 'other-hold', None, '200 200 404 404 404 200'),
    ('PATCH', 'holds/{id}', 'own-hold', _LATER, '200 403 200 200 403 403'),
    ('PATCH', 'holds/{id}', 'other-hold', _LATER, '200 403 404 404 403 403'),
    ('DELETE', 'holds/{id}', 'own-hold', None, '204 403 204 204 403 403'),
    ('DELETE', 'holds/{id}', 'other-hold', None, '204 403 404 404 403 403'),
    *[
        ('POST', 'nodes', '', {'name': 'new', 'hold': hold}, codes)
        for hold, codes in (
            ('own-hold', '202 403 202 202 403 403'),
            ('other-hold', '400 403 400 400 403 403'),
        )
    ],
    (
        'POST',
        'nodes/preview',
        '',
        {'hold': {'seconds': 60}},
        '200 403 200 200 403 403',
    ),
    # Pools.
    ('GET', 'pools', '', None, '200 200 403 403 403 200'),
    ('POST', 'pools', '', _POOL, '201 403 403 403 403 403'),
    ('GET', 'pools/{id}', 'pool', None, '200 200 403 403 403 200'),
    ('PATCH', 'pools/{id}', 'pool', {}, '200 403 403 403 403 403'),
    ('DELETE', 'pools/{id}', 'pool', None, '204 403 403 403 403 403'),
    (
        'POST',
        'pools/{id}/action',
        'pool',
        {'drain': {}},
        '200 403 403 403 403 403',
    ),
    # Nodes.
    ('GET', 'nodes', '', None, '200 200 200 200 200 200'),
    ('POST', 'nodes', '', {'name': 'new'}, '202 403 202 202 403 403'),
    ('POST', 'nodes', '', _EXACT, '202 403 403 403 403 403'),
    *[
        (
            'POST',
            path,
            '',
            {**name, key: value},
            f'{good} 403 {codes} 403 403',
        )
        for path, name, good in (
            ('nodes', {'name': 'new'}, '202'),
            ('nodes/preview', {}, '200'),
        )
        for key, value, codes in (
            ('pod_manager', 'granted', f'{good} {good}'),
            ('pod_manager', 'closed', '400 400'),
            ('flavor', 'own', f'{good} {good}'),
            ('flavor', 'other', '400 400'),
            (
                'affinity',
                {'scope': 'rack', 'with': ['other-node']},
                '400 400',
            ),
        )
    ],
    ('POST', 'nodes/preview', '', {}, '200 403 200 200 403 403'),
    (
        'POST',
        'nodes/preview',
        '',
        {'resources': ['open-system']},
        '200 403 403 403 403 403',
    ),
    ('POST', 'nodes/manage', '', MANAGE, '202 403 403 403 403 403'),
    ('GET', 'nodes/{id}', 'own-node', None, '200 200 200 200 200 200'),
    ('GET', 'nodes/{id}', 'other-node', None, '200 200 404 404 404 200'),
    ('GET', 'nodes/{id}', 'nobodys-node', None, '200 200 404 404 404 200'),
    ('PATCH', 'nodes/{id}', 'own-node', {}, '200 403 200 200 403 403'),
    ('PATCH', 'nodes/{id}', 'other-node', {}, '200 403 404 404 403 403'),
    *[
        ('PATCH', 'nodes/{id}', 'own-node', {field: '2999-01-01'}, codes)
        for field, codes in (
            ('lease_until', '200 403 200 200 403 403'),
            ('force_at', '200 403 403 403 403 403'),
        )
    ],
    ('DELETE', 'nodes/{id}', 'own-node', None, '202 403 202 202 403 403'),
    ('DELETE', 'nodes/{id}', 'other-node', None, '202 403 404 404 403 403'),
    (
        'POST',
        'nodes/{id}/action',
        'own-node',
        _RESET,
        '202 403 202 202 403 403',
    ),
    (
        'POST',
        'nodes/{id}/action',
        'other-node',
        _RESET,
        '202 403 404 404 403 403',
    ),
    *[
        (
            'POST',
            'nodes/{id}/action',
            'own-node',
            {verb: {'resource_id': device}},
            codes,
        )
        for verb, device, codes in (
            (_ATTACH, 'open-free', '202 403 202 202 403 403'),
            (_ATTACH, 'own-kept', '202 403 202 202 403 403'),
            (_ATTACH, 'closed-free', '409 403 400 400 403 403'),
            (_ATTACH, 'other-device', '409 403 400 400 403 403'),
            ('detach', 'own-device', '202 403 202 202 403 403'),
            ('detach', 'other-device', '409 403 400 400 403 403'),
        )
    ],
    *[
        ('POST', f'nodes/{{id}}/{verb}', f'{whose}-{name}', body, codes)
        for verb, name, body in (
            ('register', 'node', {}),
            ('unregister', 'managed', None),
        )
        for whose, codes in (
            ('own', '202 403 202 202 403 403'),
            ('other', '202 403 404 404 403 403'),
        )
    ],
    ('DELETE', 'nodes/{id}', 'own-managed', None, '409 403 409 409 403 403'),
    (
        'GET',
        'nodes/{id}/storages',
        'own-node',
        None,
        '200 200 200 200 200 200',
    ),
    (
        'GET',
        'nodes/{id}/storages',
        'other-node',
        None,
        '200 200 404 404 404 200',
    ),
    # Operations.
    ('GET', 'operations', '', None, '200 200 200 200 200 200'),
    ('GET', 'operations/{id}', 'own-op', None, '200 200 200 200 200 200'),
    ('GET', 'operations/{id}', 'other-op', None, '200 200 404 404 404 200'),
    ('GET', 'operations/{id}', 'sync-op', None, '200 200 404 404 404 200'),
    ('DELETE', 'operations/{id}', 'own-op', None, '202 403 202 202 403 403'),
    ('DELETE', 'operations/{id}', 'other-op', None, '202 403 404 404 403 403'),
    ('DELETE', 'operations/{id}', 'sync-op', None, '202 403 404 404 403 403'),
    # What should be there is for those who run the cloud.
    *[
        (method, f'pod_managers/{{id}}/expected{path}', 'open', body, codes)
        for method, path, body, codes in (
            ('GET', '', None, '200 200 403 403 403 200'),
            ('PUT', '', {'parts': []}, '200 403 403 403 403 403'),
            ('POST', '/snapshot', None, '200 403 403 403 403 403'),
            ('GET', '/report', None, '200 200 403 403 403 200'),
        )
    ],
    # Its history shows who has used a part.
    *[
        (
            'GET',
            f'{kind}/{{id}}/history',
            name,
            None,
            '200 200 403 403 403 200',
        )
        for kind, name in (
            ('pod_managers', 'open'),
            ('systems', 'open-system'),
            ('devices', 'own-device'),
        )
    ],
    ('GET', 'nodes/{id}/history', 'own-node', None, '200 200 200 200 200 200'),
    (
        'GET',
        'nodes/{id}/history',
        'other-node',
        None,
        '200 200 404 404 404 200',
    ),
    # Conditions and findings are for those who run the cloud.
    ('GET', 'conditions', '', None, '200 200 403 403 403 200'),
    ('GET', 'conditions/{id}', 'condition', None, '200 200 403 403 403 200'),
    ('POST', 'conditions', '', _CONDITION, '201 403 403 403 403 403'),
    (
        'DELETE',
        'conditions/{id}',
        'condition',
        None,
        '204 403 403 403 403 403',
    ),
    ('GET', 'findings', '', None, '200 200 403 403 403 200'),
    ('GET', 'findings/{id}', 'finding', None, '200 200 403 403 403 200'),
    *[
        ('POST', 'findings/{id}/action', 'finding', {name: {}}, codes)
        for name, codes in (
            ('forget', '200 403 403 403 403 403'),
            ('accept', '200 403 403 403 403 403'),
            ('release', '409 403 403 403 403 403'),
        )
    ],
    (
        'POST',
        'findings/{id}/action',
        'finding',
        {'adopt': {'name': 'new'}},
        '202 403 403 403 403 403',
    ),
    # Events are for those who can see the resource.
    ('GET', 'events', '', None, '200 200 200 200 200 200'),
    ('GET', 'events/{id}', 'own-event', None, '200 200 200 200 200 200'),
    ('GET', 'events/{id}', 'other-event', None, '200 200 404 404 404 200'),
    ('GET', 'events/{id}', 'podm-event', None, '200 200 404 404 404 200'),
    ('GET', 'usage', '', None, '200 200 200 200 200 200'),
    # The rest. A delivery proves itself by its secret, which is wrong here.
    ('POST', EVENT, 'open', {}, '404 404 404 404 404 404'),
    ('GET', 'conductors', '', None, '200 200 403 403 403 200'),
    ('GET', 'drivers', '', None, '200 200 200 200 200 200'),
]

# What each collection shows: to all projects, to the own one, to the system.
LISTS = {
    'pod_managers': ('open spare', 'granted', 'closed'),
    'devices': (
        'open-free',
        'granted-free own-device own-kept',
        'closed-free other-device other-kept',
    ),
    'flavors': ('public published', 'own', 'other'),
    'holds': ('', 'own-hold', 'other-hold'),
    'nodes': (
        '',
        'own-node own-managed',
        'other-node other-managed nobodys-node',
    ),
}
