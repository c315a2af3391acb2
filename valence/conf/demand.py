# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'demand',
    title='Demand',
    help="""
Notifications of Nova about instances that found no host. They top up the pools
whose nodes Nova lacked.
""",
)

OPTS = [
    cfg.BoolOpt(
        'enabled',
        default=False,
        help='Whether conductors receive these notifications. Nova has to '
        'send unversioned notifications, as it does with '
        '[oslo_messaging_notifications] driver = messagingv2 there.',
    ),
    cfg.StrOpt(
        'transport_url',
        secret=True,
        help='The broker of Nova; default: the transport_url of '
        '[oslo_messaging_notifications], or else of [DEFAULT].',
    ),
    cfg.StrOpt(
        'exchange',
        default='nova',
        help='The control_exchange of Nova.',
    ),
    cfg.StrOpt(
        'topic',
        default='notifications',
        help='One of the topics of [oslo_messaging_notifications] in Nova.',
    ),
    cfg.StrOpt(
        'pool',
        default='valence-demand',
        help='The queue at the broker that all conductors share, so that each '
        'message reaches one of them, and other services receive it as well. '
        'After demand was disabled, delete the queue: it goes on to receive '
        'messages.',
    ),
    cfg.IntOpt(
        'seconds',
        mutable=True,
        default=60,
        min=1,
        max=600,
        help='For how many seconds an instance that found no host counts: for '
        'so long its pool has one more node made, if there is hardware for '
        'it.',
    ),
]
