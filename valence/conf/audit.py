# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'audit',
    title='Audit',
    help='Who has requested what of the API, in the format CADF. How events '
    'are sent is set in [audit_middleware_notifications].',
)

OPTS = [
    cfg.BoolOpt(
        'enabled',
        default=False,
        help='Whether the requests of users of Keystone are audited.',
    ),
    cfg.StrOpt(
        'audit_map_file',
        default='/etc/valence/api_audit_map.conf',
        help='What the paths of the API are in terms of CADF.',
    ),
    cfg.ListOpt(
        'ignore_req_list',
        default=[],
        help='The HTTP methods that are not audited, for example GET.',
    ),
]
