# SPDX-License-Identifier: Apache-2.0
from keystoneauth1 import loading
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'ironic',
    title='Ironic',
    help="""
How Ironic is reached, and what it is told of nodes. auth_type says how to log
in: "password" by Keystone, as a user who may see and remove the nodes of every
project (system_scope = all); "http_basic" or "none", with endpoint, at an
Ironic that stands alone.
""",
)

_OWN = [
    cfg.StrOpt(
        'driver',
        default='redfish',
        help='The hardware type of the nodes in Ironic.',
    ),
    cfg.DictOpt(
        'interfaces',
        default={},
        help='Interfaces of the hardware type that differ from the defaults '
        'of Ironic, such as boot:redfish-virtual-media,deploy:ramdisk.',
    ),
    cfg.DictOpt(
        'driver_info',
        default={},
        help='More of driver_info, such as deploy_kernel:URL,'
        'deploy_ramdisk:URL.',
    ),
    cfg.StrOpt(
        'verify_ca',
        help='The certificates by which Ironic judges pod managers: a path '
        'on the hosts of Ironic. It does not matter for pod managers that '
        'are insecure.',
    ),
    cfg.StrOpt(
        'resource_class',
        default='baremetal',
        help='The resource class of nodes that were not composed by a flavor, '
        'whose name it is otherwise.',
    ),
    cfg.DictOpt(
        'capabilities',
        default={'boot_mode': 'uefi'},
        help='Capabilities of every node.',
    ),
]

OPTS = [
    *_OWN,
    *loading.get_auth_common_conf_options(),
    *loading.get_session_conf_options(),
    *loading.get_adapter_conf_options(include_deprecated=False),
]

# Patience is the conductor's, which does not hold a thread meanwhile.
cfg.set_defaults(
    OPTS, timeout=60, status_code_retries=0, service_type='baremetal'
)
