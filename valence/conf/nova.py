# SPDX-License-Identifier: Apache-2.0
from keystoneauth1 import loading
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'nova',
    title='Nova',
    help="""
Connection to Nova, for flavors that are published there. Set auth_type =
password, with a user that can create and delete flavors and set their extra
specs. Without auth_type no flavors are published.
""",
)

_OWN = [
    cfg.StrOpt(
        'flavor_prefix',
        default='',
        max_length=64,
        help='What the names of flavors begin with in Nova, where each name '
        'exists once.',
    ),
]

OPTS = [
    *_OWN,
    *loading.get_auth_common_conf_options(),
    *loading.get_session_conf_options(),
    *loading.get_adapter_conf_options(include_deprecated=False),
]

# Retries are made by the conductor, which does not block a thread.
cfg.set_defaults(
    OPTS, timeout=60, status_code_retries=0, service_type='compute'
)
