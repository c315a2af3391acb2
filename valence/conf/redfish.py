# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'redfish',
    title='Redfish',
    help='HTTP client of all Redfish drivers. Times are in seconds.',
)

OPTS = [
    cfg.FloatOpt(
        'request_timeout',
        mutable=True,
        default=60,
        min=0.1,
        help='Timeout of a request, from connecting to the last byte of the '
        'response.',
    ),
    cfg.FloatOpt(
        'release_timeout',
        mutable=True,
        default=3000,
        min=1,
        help='How long a pod manager may take to release hardware without a '
        'response, because it erases drives before it responds. After '
        '[redfish] request_timeout the operation does not wait for the '
        'response, but looks at the hardware; after this time it sends the '
        'request again.',
    ),
    cfg.FloatOpt(
        'settle_timeout',
        mutable=True,
        default=120,
        min=0,
        help='How long a change that a pod manager of any kind reports as '
        'done may take to show: a composed node to be readable, a released '
        'one to disappear, a power state to change. After that, the '
        'operation fails. Increase it where a graceful shutdown takes longer.',
    ),
    cfg.IntOpt(
        'parallel',
        default=32,
        min=1,
        help='Maximum number of concurrent requests that read the inventory '
        'of one pod manager.',
    ),
    cfg.IntOpt(
        'max_answer_bytes',
        default=16 * 1024 * 1024,
        min=1024,
        help='Maximum size of a response in bytes.',
    ),
    cfg.IntOpt(
        'max_members',
        default=100000,
        min=1,
        help='Maximum number of members of a collection.',
    ),
]
