# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg
from oslo_config import types

from valence.objects.hold import LEASE_ENDS

GROUP = cfg.OptGroup(
    'lease',
    title='Leases',
    help='When nodes are to be given back. Flavors can say otherwise.',
)

OPTS = [
    cfg.IntOpt(
        'seconds',
        mutable=True,
        default=0,
        min=0,
        help='The lease of a new node in seconds, if the request has none. 0: '
        'none, or the longest if there is one.',
    ),
    cfg.IntOpt(
        'max_seconds',
        mutable=True,
        default=0,
        min=0,
        help='The longest lease in seconds, from each request on. 0: there is '
        'none, and a node needs no lease.',
    ),
    cfg.StrOpt(
        'end',
        mutable=True,
        default='notify',
        choices=LEASE_ENDS,
        help='What happens with a node at the end of its lease, if the '
        'request does not say.',
    ),
    cfg.ListOpt(
        'warn_before',
        mutable=True,
        default=['86400', '3600'],
        item_type=types.Integer(min=1),
        help='How many seconds before the end of a lease a warning is sent.',
    ),
    cfg.IntOpt(
        'interval',
        mutable=True,
        default=3600,
        min=1,
        help='How often an overdue node is reported, in seconds. If it could '
        'not be given back, that is tried again then.',
    ),
]
