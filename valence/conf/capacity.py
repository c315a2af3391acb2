# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'capacity',
    title='Capacity',
    help='How many more nodes of published flavors fit on each pod manager is '
    'written to other services.',
)

OPTS = [
    cfg.ListOpt(
        'sinks',
        default=[],
        help='Where that is written: entry points in valence.capacity_sinks, '
        'such as placement.',
    ),
    cfg.IntOpt(
        'interval',
        mutable=True,
        default=60,
        min=60,
        help='How often it is compared, in seconds. Only what has changed is '
        'written.',
    ),
]
