# SPDX-License-Identifier: Apache-2.0
from valence.policies import base

_PATH = '/v1/pod_managers/{id}/expected'
RULES = [
    base.rule(
        'expected_part',
        'list',
        base.SYSTEM_READER,
        'List the hardware that should be on a pod manager.',
        f'GET {_PATH}',
    ),
    base.rule(
        'expected_part',
        'replace',
        base.ADMIN,
        'Say which hardware should be on a pod manager.',
        f'PUT {_PATH}',
    ),
    base.rule(
        'expected_part',
        'snapshot',
        base.ADMIN,
        'Say that the hardware of a pod manager is as it should be.',
        f'POST {_PATH}/snapshot',
    ),
    base.rule(
        'expected_part',
        'report',
        base.SYSTEM_READER,
        'Compare the hardware of a pod manager with what should be there.',
        f'GET {_PATH}/report',
    ),
]
