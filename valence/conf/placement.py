# SPDX-License-Identifier: Apache-2.0
from keystoneauth1 import loading
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'placement',
    title='Placement',
    help="""
Connection to Placement, for [capacity] sinks = placement. Set auth_type =
password, with a user that can create and delete resource providers.
""",
)

OPTS = [
    *loading.get_auth_common_conf_options(),
    *loading.get_session_conf_options(),
    *loading.get_adapter_conf_options(include_deprecated=False),
]

# Retries are made by the conductor, which does not block a thread.
cfg.set_defaults(
    OPTS, timeout=60, status_code_retries=0, service_type='placement'
)
