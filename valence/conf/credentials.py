# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'credentials',
    title='Credentials',
    help='How the passwords of pod managers are kept.',
)

OPTS = [
    cfg.StrOpt(
        'key_repository',
        default='$state_path/credential-keys',
        help="""
The directory with the Fernet keys that encrypt passwords in the database; mode
0700, each key 0600. The command valence creates it at its first start;
otherwise use "valence-manage credential-keys create" and give every API and
conductor host the same keys.
""",
    ),
    cfg.IntOpt(
        'max_active_keys',
        default=3,
        min=2,
        help='How many keys "valence-manage credential-keys rotate" keeps, '
        'the new one included.',
    ),
]
