# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'pool',
    title='Pools',
    help='Nodes that are kept ready in Ironic. Times are in seconds.',
)

OPTS = [
    cfg.IntOpt(
        'interval',
        mutable=True,
        default=15,
        min=1,
        help='How often a conductor counts the nodes of a pool.',
    ),
    cfg.IntOpt(
        'parallel',
        mutable=True,
        default=4,
        min=1,
        max=100,
        help='How many nodes of a pool are made at a time.',
    ),
    cfg.IntOpt(
        'retry',
        mutable=True,
        default=30,
        min=1,
        help='After how long another node is tried for a pool if one could '
        'not be made. This doubles each time, up to max_retry.',
    ),
    cfg.IntOpt(
        'max_retry',
        mutable=True,
        default=600,
        min=1,
        help='The longest time between two attempts to make a node.',
    ),
    cfg.IntOpt(
        'stuck',
        mutable=True,
        default=7200,
        min=1,
        help='After how long a node that Ironic prepares, such as one that it '
        'cleans, does not count any more. Its system gets the condition '
        'not_provided then, and the pool makes another node.',
    ),
]
