# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'provisioning',
    title='Provisioning',
    help='Registration of nodes with a provisioner. Times are in seconds.',
)

OPTS = [
    cfg.StrOpt(
        'driver',
        default='ironic',
        help='Provisioner that nodes are registered with: an entry point in '
        'valence.provisioning. A change does not affect nodes that are '
        'already registered.',
    ),
    cfg.FloatOpt(
        'interval',
        default=60,
        min=0.1,
        help='How often a conductor reads the state of registered nodes from '
        'the provisioner.',
    ),
    cfg.FloatOpt(
        'timeout',
        default=3600,
        min=1,
        help='Timeout for one step of the provisioner, such as cleaning.',
    ),
]
