# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'fake',
    title='Fake driver',
    help='Pods that exist only in the memory of a conductor, for trying '
    'Valence out and for testing it. Times are in seconds.',
)

OPTS = [
    cfg.IntOpt(
        'systems',
        default=10,
        min=0,
        help='How many systems a fake pod has.',
    ),
    cfg.IntOpt(
        'devices',
        default=0,
        min=0,
        help='How many pooled drives a fake pod has.',
    ),
    cfg.FloatOpt(
        'delay',
        default=0,
        min=0,
        help='How long every call of the driver takes.',
    ),
    cfg.FloatOpt(
        'compose_seconds',
        default=0.1,
        min=0,
        help='How long a fake pod takes to assemble a node.',
    ),
    cfg.ListOpt(
        'failing',
        default=[],
        help='Names of driver methods, such as "probe" or "compose", that '
        'fail as if the pod manager were not there.',
    ),
]
