# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'quota', title='Quotas', help='How much hardware a project may hold.'
)

OPTS = [
    cfg.BoolOpt(
        'enforce',
        default=False,
        help="""
Whether projects are held to the limits that Keystone has for them: how many
nodes, processor cores, MiB of memory and devices. [oslo_limit] says as whom
Keystone is asked and under which endpoint the limits are registered. What has
no registered limit is not limited.
""",
    ),
]
