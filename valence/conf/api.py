# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'api', title='API', help='Address and limits of the REST API.'
)

OPTS = [
    cfg.HostAddressOpt(
        'host',
        default='127.0.0.1',
        help="""
The address that the commands valence and valence-api listen on. uwsgi and
gunicorn have their own option. An address other than a loopback address
requires a [DEFAULT] auth_strategy other than noauth.
""",
    ),
    cfg.PortOpt(
        'port',
        default=8181,
        help='The TCP port that the commands valence and valence-api listen '
        'on. With 0 the system selects a free port, which is logged.',
    ),
    cfg.IntOpt(
        'threads',
        default=16,
        min=1,
        help='Maximum number of requests that the commands valence and '
        'valence-api serve concurrently.',
    ),
    cfg.IntOpt(
        'max_connections',
        default=800,
        min=10,
        help='Maximum number of open connections to the commands valence and '
        'valence-api. More wait until others are closed. Each one needs a '
        'file descriptor.',
    ),
    cfg.IntOpt(
        'receive_timeout',
        default=60,
        min=1,
        help='Time in seconds in which the commands valence and valence-api '
        'must have received a whole request, and after which they close a '
        'connection without requests.',
    ),
    cfg.ListOpt(
        'allowed_hosts',
        default=[],
        help="""
Values of the header Host, without the port, that are accepted when [DEFAULT]
auth_strategy is noauth, in addition to IP addresses, localhost, [api] host,
the name of this machine and the host of [api] public_endpoint. Others are
rejected, because a web page of any origin could reach the API under a name of
its own.
""",
    ),
    cfg.URIOpt(
        'public_endpoint',
        schemes=['http', 'https'],
        help="""
The URL at which pod managers reach this API, such as
https://valence.example.org:8181. Pod managers without an event stream deliver
their events to it. If it is not set, such pod managers are polled.
""",
    ),
    cfg.IntOpt(
        'max_limit',
        default=1000,
        min=1,
        help='Maximum page size of a collection. It is also the page size of '
        'requests without a limit.',
    ),
    cfg.IntOpt(
        'max_sorted',
        default=10000,
        min=1,
        help='Maximum number of rows that are sorted for one page. It applies '
        'where no index serves the sort key with the filters of a request.',
    ),
]
