# SPDX-License-Identifier: Apache-2.0
import os

from oslo_config import cfg

_STATE_HOME = os.environ.get('XDG_STATE_HOME') or os.path.expanduser(
    '~/.local/state'
)

GROUP = None

OPTS = [
    cfg.StrOpt(
        'state_path',
        default=os.path.join(_STATE_HOME, 'valence'),
        sample_default='/var/lib/valence',
        help="""
Directory of Valence's files: by default the SQLite database and the credential
keys. Valence creates it with mode 0700.
""",
    ),
    cfg.StrOpt(
        'auth_strategy',
        default='noauth',
        choices=[
            (
                'noauth',
                'Everyone who can reach the API is an administrator. '
                'Use it on a single machine, with a loopback address.',
            ),
            (
                'http_basic',
                'HTTP basic authentication with the users in the file '
                '[oslo_middleware] http_basic_auth_user_file. Every user is '
                'an administrator. Use it without Keystone.',
            ),
            (
                'keystone',
                'Keystone tokens, validated by the middleware that '
                '[keystone_authtoken] configures.',
            ),
        ],
        help='How the API authenticates requests.',
    ),
]
