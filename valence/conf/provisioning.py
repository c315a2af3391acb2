# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'provisioning',
    title='Provisioning',
    help='Handing nodes to what provisions them. Times are in seconds.',
)

OPTS = [
    cfg.StrOpt(
        'driver',
        default='ironic',
        help='What nodes are registered with: a name among the entry points '
        'valence.provisioning. A node that is registered stays with what it '
        'was registered with.',
    ),
    cfg.FloatOpt(
        'interval',
        default=60,
        min=0.1,
        help='How often it is looked whether registered nodes are still '
        'there, and in which state.',
    ),
    cfg.FloatOpt(
        'timeout',
        default=3600,
        min=1,
        help='The longest that one step may take there, such as cleaning.',
    ),
]
