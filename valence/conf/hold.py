# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'hold',
    title='Holds',
    help='Hardware that is kept for nodes of a project, until a time.',
)

OPTS = [
    cfg.IntOpt(
        'max_seconds',
        mutable=True,
        default=86400,
        min=1,
        help='For how many seconds hardware can be held at most. A hold can '
        'be extended by as much again.',
    ),
    cfg.IntOpt(
        'max_per_project',
        mutable=True,
        default=20,
        min=0,
        help='How many holds a project can have at once. With [quota] '
        'enforce, a limit on holds in Keystone applies, too.',
    ),
]
