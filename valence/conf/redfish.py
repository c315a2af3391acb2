# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'redfish',
    title='Redfish',
    help='The HTTP client that all Redfish drivers share. Times are in '
    'seconds.',
)

OPTS = [
    cfg.FloatOpt(
        'request_timeout',
        default=60,
        min=0.1,
        help='The whole time of one request, from connecting to the last '
        'byte of the answer.',
    ),
    cfg.FloatOpt(
        'release_timeout',
        default=3000,
        min=1,
        help='The whole time of a request that gives hardware back: a pod '
        'manager may erase drives before it answers.',
    ),
    cfg.IntOpt(
        'parallel',
        default=32,
        min=1,
        help='How many requests read the inventory of one pod manager at '
        'once.',
    ),
    cfg.IntOpt(
        'max_answer_bytes',
        default=16 * 1024 * 1024,
        min=1024,
        help='The largest answer that is read.',
    ),
    cfg.IntOpt(
        'max_members',
        default=100000,
        min=1,
        help='The largest collection that is read.',
    ),
]
