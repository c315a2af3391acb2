# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'credentials',
    title='Credentials',
    help='Encryption of the passwords of pod managers.',
)

OPTS = [
    cfg.StrOpt(
        'key_repository',
        default='$state_path/credential-keys',
        help="""
Directory of the Fernet keys that encrypt passwords in the database, with mode
0700 and each key 0600. The command valence creates it at its first start.
Otherwise run "valence-manage credential-keys create", and copy the keys to
all API and conductor hosts.
""",
    ),
    cfg.IntOpt(
        'max_active_keys',
        default=3,
        min=2,
        help='Number of keys that "valence-manage credential-keys rotate" '
        'keeps, including the new one.',
    ),
]
