# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'notifications',
    title='Notifications',
    help='Versioned notifications of what happens to nodes, pod managers, '
    'operations, findings and flavors. They are off unless '
    '[oslo_messaging_notifications] driver is set, to messagingv2 for '
    'example, which also needs a transport_url. The API and the conductors '
    'need the same values.',
)

OPTS = [
    cfg.ListOpt(
        'topics',
        default=['valence_versioned_notifications'],
        help='The topics of notifications. Each is followed by the priority '
        'of the message, as in valence_versioned_notifications.info.',
    ),
]
