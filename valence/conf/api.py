# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'api', title='API', help='How the REST API listens and what it accepts.'
)

OPTS = [
    cfg.HostAddressOpt(
        'host',
        default='127.0.0.1',
        help="""
The address that the commands valence and valence-api listen on. Under uwsgi or
gunicorn this is the business of that server. Anything but a loopback address
asks for [DEFAULT] auth_strategy = keystone.
""",
    ),
    cfg.PortOpt(
        'port',
        default=8181,
        help='The TCP port that the commands valence and valence-api listen '
        'on. With 0 the system picks a free one, which is logged.',
    ),
    cfg.IntOpt(
        'threads',
        default=16,
        min=1,
        help='How many requests the commands valence and valence-api answer '
        'at once.',
    ),
    cfg.IntOpt(
        'max_limit',
        default=1000,
        min=1,
        help='The largest page of a collection; also the size of a page when '
        'the request names no limit.',
    ),
]
