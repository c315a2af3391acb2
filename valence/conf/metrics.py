# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'metrics',
    title='Metrics',
    help='Metrics for Prometheus. Whoever can reach them can read them.',
)

OPTS = [
    cfg.BoolOpt(
        'enabled',
        default=False,
        help='Whether the API serves metrics at /metrics, without '
        'authentication, and conductors on [metrics] conductor_port.',
    ),
    cfg.HostAddressOpt(
        'host',
        default='127.0.0.1',
        help='The address of [metrics] api_port and [metrics] conductor_port.',
    ),
    cfg.PortOpt(
        'api_port',
        help="""
A TCP port on which the commands valence and valence-api serve metrics, instead
of /metrics on the port of the API.
""",
    ),
    cfg.PortOpt(
        'conductor_port',
        default=8183,
        help='The TCP port on which valence-conductor serves metrics. With 0 '
        'the system selects a free port, which is logged.',
    ),
]
