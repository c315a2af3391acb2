# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'quota', title='Quotas', help='Limits on the hardware of a project.'
)

OPTS = [
    cfg.BoolOpt(
        'enforce',
        default=False,
        help="""
Whether to enforce the limits that are registered in Keystone for the nodes,
processor cores, memory (MiB) and devices of a project. [oslo_limit] configures
the user and the endpoint of the limits. Resources without a registered limit
are unlimited.
""",
    ),
]
