# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'conductor',
    title='Conductor',
    help='The worker that talks to pod managers. Times are in seconds.',
)

OPTS = [
    cfg.FloatOpt(
        'heartbeat_interval',
        default=10,
        min=0.1,
        help='How often a conductor writes its heartbeat to the database.',
    ),
    cfg.FloatOpt(
        'heartbeat_timeout',
        default=60,
        min=0.3,
        help="""
A conductor without a heartbeat for this time is considered dead, and others
resume its operations. The value has to be more than twice [conductor]
heartbeat_interval. A conductor sends a request that is not idempotent only if
its lease outlasts the request. Therefore a value below the time that a pod
manager needs to accept a composition causes retries.
""",
    ),
    cfg.FloatOpt(
        'poll_interval',
        default=2,
        min=0.05,
        help='How often a conductor polls for operations without being woken.',
    ),
    cfg.FloatOpt(
        'status_interval',
        default=30,
        min=0.1,
        help='How often a conductor polls the status of a pod manager.',
    ),
    cfg.FloatOpt(
        'status_timeout',
        mutable=True,
        default=10,
        min=0.1,
        help='Timeout of a status poll, for all its requests together.',
    ),
    cfg.FloatOpt(
        'sync_interval',
        mutable=True,
        default=300,
        min=0.1,
        help='How often the full inventory of a pod manager is read.',
    ),
    cfg.FloatOpt(
        'followed_sync_interval',
        mutable=True,
        default=1800,
        min=0.1,
        help='How often the full inventory of a pod manager is read while its '
        'event stream is open; not more often than sync_interval. The '
        'inventory is also read each time a stream is opened.',
    ),
    cfg.FloatOpt(
        'capacity_check_interval',
        default=3600,
        min=1,
        help='How often the counters of the hardware of a pod manager are '
        'compared with its inventory, and repaired. A conductor checks one '
        'pod manager at a time.',
    ),
    cfg.FloatOpt(
        'sync_timeout',
        mutable=True,
        default=900,
        min=1,
        help='Timeout for reading a full inventory.',
    ),
    cfg.IntOpt(
        'workers',
        default=32,
        min=1,
        help='Maximum number of concurrent operations of a conductor, of each '
        'kind: composing, changing nodes, reading inventories, and waiting. '
        'Operations that wait for slow hardware are not counted; with them '
        'there are at most sixteen times as many.',
    ),
    cfg.IntOpt(
        'probe_workers',
        default=16,
        min=1,
        help='Maximum number of online pod managers that a conductor polls '
        'concurrently. It polls sixteen times as many that are not online, '
        'and reads what events name on as many. A pod manager that hangs '
        'occupies a worker for [conductor] status_timeout.',
    ),
    cfg.IntOpt(
        'podm_parallel',
        mutable=True,
        default=4,
        min=1,
        help='Maximum number of operations that run concurrently on one pod '
        'manager: so many that compose nodes, and so many that change nodes. '
        'Others remain pending. The projects take turns.',
    ),
    cfg.IntOpt(
        'attempts',
        mutable=True,
        default=5,
        min=1,
        help='Maximum number of attempts of a step that fails for a temporary '
        'reason, such as a refused connection. The delay between attempts '
        'increases.',
    ),
    cfg.FloatOpt(
        'retry_interval',
        mutable=True,
        default=2,
        min=0.01,
        help='Delay before the second attempt of a step. It doubles with '
        'every further attempt.',
    ),
    cfg.FloatOpt(
        'compose_timeout',
        mutable=True,
        default=900,
        min=1,
        help='Timeout for a pod manager to assemble a node.',
    ),
    cfg.FloatOpt(
        'long_timeout',
        mutable=True,
        default=86400,
        min=1,
        help='Timeout for a pod manager to release a node, whose drives it '
        'may erase, and for the release of all nodes of a pod manager that is '
        'deleted. An operation that takes longer fails.',
    ),
    cfg.FloatOpt(
        'force_timeout',
        mutable=True,
        default=60,
        min=0,
        help='How long a forced deletion of a pod manager waits for the '
        'release of its nodes. Nodes that are not released by then are '
        'deleted from the database only.',
    ),
    cfg.IntOpt(
        'event_streams',
        default=200,
        min=0,
        help='Maximum number of event streams that a conductor keeps open. '
        'The inventory of other pod managers is read every [conductor] '
        'sync_interval.',
    ),
    cfg.BoolOpt(
        'reuse_unerased',
        mutable=True,
        default=False,
        help='Whether storage that was not erased is free as soon as its node '
        'is released. Otherwise it is reserved for the project of the node '
        'until an administrator frees it.',
    ),
    cfg.IntOpt(
        'keep_operations',
        default=30,
        min=1,
        help='Number of days for which "valence-manage db purge" keeps '
        'what has ended: operations, findings, usage, holds and periods of '
        'the history.',
    ),
]
