# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup('database', title='Database')

OPTS = [
    cfg.IntOpt(
        'connect_timeout',
        default=10,
        min=1,
        help='The timeout of a new connection to MySQL, MariaDB or '
        'PostgreSQL, in seconds. A timeout in the URL of connection takes '
        'precedence over this option and the next two.',
    ),
    cfg.IntOpt(
        'read_timeout',
        default=30,
        min=2,
        help='The timeout of a statement, in seconds. When it expires, the '
        'connection is closed and the transaction is lost. Transactions wait '
        'for locks for at most half of it, and are then repeated. "db sync" '
        'has no timeout.',
    ),
    cfg.IntOpt(
        'keepalive',
        default=30,
        min=1,
        help='After how many idle seconds TCP keepalive probes the database '
        'host. The connection is closed after three probes without answer, '
        'sent at intervals of a third of this time.',
    ),
    cfg.IntOpt(
        'purge_after',
        default=0,
        min=0,
        help='After how many days conductors delete what has ended, in small '
        'transactions: operations, findings, usage, holds, capacity samples '
        'and periods of the history. 0: never; "valence-manage db purge" does '
        'it. Events are always deleted, after [outbox] keep days.',
    ),
]
