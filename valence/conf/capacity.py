# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'capacity',
    title='Capacity',
    help='How many more nodes of published flavors fit on each pod manager is '
    'written to other services; the capacity of all of them is sampled.',
)

OPTS = [
    cfg.ListOpt(
        'sinks',
        default=[],
        help='Where the numbers of nodes are written: entry points in '
        'valence.capacity_sinks, such as placement.',
    ),
    cfg.IntOpt(
        'interval',
        mutable=True,
        default=60,
        min=60,
        help='How often it is compared, in seconds. Only what has changed is '
        'written.',
    ),
    cfg.IntOpt(
        'sample_interval',
        mutable=True,
        default=3600,
        min=0,
        help='How often the capacity of all pod managers together is stored '
        'for the capacity_samples of the API, in seconds; 0: never.',
    ),
]
