# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'scheduler',
    title='Scheduler',
    help='How the place of a new node is chosen.',
)

OPTS = [
    cfg.ListOpt(
        'filters',
        default=['online', 'maintenance', 'synced', 'capable'],
        help='What a pod manager has to pass to be considered, in this '
        'order: entry points of valence.scheduler.filters. Before all of '
        'them comes the filter access, which cannot be left out: it keeps '
        'projects from pod managers that are not open to them.',
    ),
    cfg.StrOpt(
        'weigher',
        default='free',
        help='How the pod managers that are left are ranked: an entry point '
        'of valence.scheduler.weighers. "spread" prefers the one with the '
        'fewest nodes, "pack" that with the most, "free" the one with the '
        'most free systems.',
    ),
]
