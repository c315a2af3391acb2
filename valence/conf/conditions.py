# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'conditions',
    title='Conditions',
    help='The conditions of hardware that follow from the health that it '
    'reports.',
)

OPTS = [
    cfg.BoolOpt(
        'observe',
        default=True,
        help='Whether no nodes are composed of hardware that reports to be '
        'critical, until it no longer does.',
    ),
    cfg.IntOpt(
        'looks',
        default=2,
        min=1,
        help='How many times in a row a sync or refresh has to see that '
        'hardware is critical, or is not any more, before that has effects.',
    ),
    cfg.IntOpt(
        'damping',
        default=600,
        min=0,
        help='For how many seconds that has to last.',
    ),
]
