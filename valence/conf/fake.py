# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'fake',
    title='Fake driver',
    help='Pods that exist only in the memory of a conductor, for evaluation '
    'and tests. Times are in seconds.',
)

OPTS = [
    cfg.IntOpt(
        'systems',
        default=10,
        min=0,
        help='Number of systems of a fake pod.',
    ),
    cfg.IntOpt(
        'devices',
        default=0,
        min=0,
        help='Number of pooled drives of a fake pod.',
    ),
    cfg.FloatOpt(
        'delay',
        default=0,
        min=0,
        help='Duration of every call of the driver.',
    ),
    cfg.FloatOpt(
        'compose_seconds',
        default=0.1,
        min=0,
        help='Duration of assembling a node.',
    ),
    cfg.ListOpt(
        'failing',
        default=[],
        help='Names of driver methods, such as "probe" or "compose", that '
        'fail as if the pod manager were unreachable.',
    ),
]
