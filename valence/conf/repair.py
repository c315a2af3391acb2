# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg
from oslo_config import types

GROUP = cfg.OptGroup(
    'repair',
    title='Repair',
    help='Findings that Valence acts on by itself.',
)

OPTS = [
    cfg.ListOpt(
        'kinds',
        mutable=True,
        default=['stray'],
        item_type=types.String(choices=['stray']),
        help='Kinds of findings that are repaired automatically. A stray is '
        'what a compose request of this installation has left on a pod '
        'manager; it is released.',
    ),
    cfg.FloatOpt(
        'grace',
        mutable=True,
        default=600,
        min=0,
        help='For how many seconds a finding has to be open, and seen by two '
        'complete syncs, before it is repaired.',
    ),
]
