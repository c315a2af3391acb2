# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'scheduler',
    title='Scheduler',
    help='How the pod manager of a new node is selected.',
)

OPTS = [
    cfg.ListOpt(
        'filters',
        default=['online', 'maintenance', 'synced', 'capable'],
        help='Filters for pod managers, in this order: entry points in '
        'valence.scheduler.filters. The filter "access" always comes first: '
        'it rejects pod managers to which the project has no access. The '
        'filter "register" always comes last: it rejects pod managers whose '
        'nodes cannot be registered, if the request says register.',
    ),
    cfg.StrOpt(
        'weigher',
        default='free',
        help='How the remaining pod managers are ranked: an entry point in '
        'valence.scheduler.weighers. "spread" prefers the pod manager with '
        'the fewest nodes, "pack" the one with the most nodes, and "free" the '
        'one with the most free systems.',
    ),
    cfg.IntOpt(
        'max_attempts',
        default=10,
        min=1,
        help='Combinations of hardware that are tried for a node. If a pod '
        'manager refuses one, the next is preferably on another pod manager.',
    ),
    cfg.IntOpt(
        'refusal_seconds',
        default=300,
        min=0,
        help='Seconds for which a pod manager that refused to compose a node '
        'comes after all others.',
    ),
]
