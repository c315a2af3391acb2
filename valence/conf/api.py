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
asks for another [DEFAULT] auth_strategy than noauth.
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
    cfg.URIOpt(
        'public_endpoint',
        schemes=['http', 'https'],
        help="""
The URL under which pod managers reach this API, such as
https://valence.example.org:8181. They deliver their events there where they
offer no stream of events. Without it they are listened to or polled.
""",
    ),
    cfg.IntOpt(
        'event_rate',
        default=100,
        min=1,
        help='How many deliveries of events a second are taken from one pod '
        'manager by one API process; more are answered 429.',
    ),
    cfg.IntOpt(
        'max_limit',
        default=1000,
        min=1,
        help='The largest page of a collection; also the size of a page when '
        'the request names no limit.',
    ),
]
