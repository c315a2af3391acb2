# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'outbox',
    title='Outbox',
    help='The events that are stored with each change, listed by /v1/events '
    'and sent as notifications.',
)

OPTS = [
    cfg.IntOpt(
        'keep',
        default=7,
        min=1,
        help='For how many days events are kept. Those that could not be '
        'sent as notifications until then are dropped, which is logged.',
    ),
]
