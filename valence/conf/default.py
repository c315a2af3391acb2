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
The directory in which Valence keeps its files: the SQLite database and the
credential keys of the embedded default. It is created with mode 0700.
""",
    ),
    cfg.StrOpt(
        'auth_strategy',
        default='noauth',
        choices=[
            (
                'noauth',
                'Everybody who reaches the API is an administrator. '
                'Meant for one machine: listen on a loopback address only.',
            ),
            (
                'http_basic',
                'Requests carry a user name and password, checked against '
                'the file [oslo_middleware] http_basic_auth_user_file. Every '
                'user is an administrator; for use without Keystone.',
            ),
            (
                'keystone',
                'Requests carry a Keystone token, checked by the middleware '
                'configured in [keystone_authtoken].',
            ),
        ],
        help='How the API learns who is asking.',
    ),
]
