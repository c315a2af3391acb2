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
        help='How often a conductor says in the database that it lives.',
    ),
    cfg.FloatOpt(
        'heartbeat_timeout',
        default=60,
        min=0.3,
        help="""
A conductor that has not been heard of for so long is taken for dead: others
resume its operations. It has to be more than twice [conductor]
heartbeat_interval. A request to a pod manager that cannot be repeated is only
sent while this conductor's own lease outlasts the request, so a value below
the time that a pod manager needs to accept a composition costs retries.
""",
    ),
    cfg.FloatOpt(
        'poll_interval',
        default=2,
        min=0.05,
        help='How often a conductor looks for work when nobody wakes it.',
    ),
    cfg.FloatOpt(
        'status_interval',
        default=30,
        min=0.1,
        help='How often a pod manager is asked whether it is there.',
    ),
    cfg.FloatOpt(
        'status_timeout',
        default=10,
        min=0.1,
        help='The whole time that such a question may take.',
    ),
    cfg.FloatOpt(
        'sync_interval',
        default=300,
        min=0.1,
        help='How often the whole inventory of a pod manager is read.',
    ),
    cfg.FloatOpt(
        'sync_timeout',
        default=900,
        min=1,
        help='The whole time that reading an inventory may take.',
    ),
    cfg.IntOpt(
        'workers',
        default=32,
        min=1,
        help='How many operations one conductor runs at once.',
    ),
    cfg.IntOpt(
        'probe_workers',
        default=16,
        min=1,
        help='How many pod managers that are online one conductor asks for '
        'their status at once; of others it asks sixteen times as many. One '
        'that hangs takes one of these places for [conductor] '
        'status_timeout.',
    ),
    cfg.IntOpt(
        'podm_parallel',
        default=4,
        min=1,
        help='How many operations run at once on one pod manager; the others '
        'stay pending.',
    ),
    cfg.IntOpt(
        'attempts',
        default=5,
        min=1,
        help='How often a step is tried that fails for a reason that may '
        'pass, such as a refused connection. The pauses between the attempts '
        'grow.',
    ),
    cfg.FloatOpt(
        'retry_interval',
        default=2,
        min=0.01,
        help='The pause before the second attempt of a step; it doubles with '
        'every further one.',
    ),
    cfg.FloatOpt(
        'compose_timeout',
        default=900,
        min=1,
        help='The longest that a pod manager may take to assemble a node.',
    ),
    cfg.IntOpt(
        'event_streams',
        default=200,
        min=0,
        help='To how many pod managers at most one conductor listens over an '
        'open stream. The others are read every [conductor] sync_interval.',
    ),
    cfg.BoolOpt(
        'reuse_unerased',
        default=False,
        help='Whether storage that its pod manager does not erase is free at '
        'once when its node is released. Otherwise it is reserved to the '
        'project that had it, until an administrator frees it.',
    ),
    cfg.IntOpt(
        'keep_operations',
        default=30,
        min=1,
        help='For how many days the command "valence-manage db purge" keeps '
        'finished operations.',
    ),
]
