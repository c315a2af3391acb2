# SPDX-License-Identifier: Apache-2.0
from keystoneauth1 import loading
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'ironic',
    title='Ironic',
    help="""
Connection to Ironic, and properties of the nodes there. For an Ironic behind
Keystone set auth_type = password, with a user that can see and delete the
nodes of all projects (system_scope = all). For a standalone Ironic set
auth_type = http_basic or none, and endpoint.
""",
)

_OWN = [
    cfg.StrOpt(
        'driver',
        default='redfish',
        help='Hardware type of the nodes in Ironic.',
    ),
    cfg.DictOpt(
        'interfaces',
        default={},
        help='Hardware interfaces other than the defaults of Ironic, such as '
        'boot:redfish-virtual-media,deploy:ramdisk.',
    ),
    cfg.DictOpt(
        'driver_info',
        default={},
        help='Additional driver_info, such as deploy_kernel:URL,'
        'deploy_ramdisk:URL.',
    ),
    cfg.StrOpt(
        'verify_ca',
        help='Path, on the Ironic hosts, of the CA certificates with which '
        'Ironic verifies pod managers. Pod managers that are insecure are not '
        'verified.',
    ),
    cfg.StrOpt(
        'owner',
        help='Project ID that becomes the owner of all nodes in Ironic; '
        'default: none. The project of a node becomes its lessee. Warning: '
        "with Ironic's default policy an owner can read and change "
        'driver_info. Administrators and members of this project '
        'can have Ironic send the hardware credentials of a pod manager to '
        'any address, and can make a node control the system of another '
        'node. Use only a project of the operators.',
    ),
    cfg.StrOpt(
        'resource_class',
        default='baremetal',
        help='Resource class of nodes without a flavor. For others it is the '
        'name of the flavor.',
    ),
    cfg.DictOpt(
        'capabilities',
        default={'boot_mode': 'uefi'},
        help='Capabilities in the properties of all nodes.',
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
    OPTS, timeout=60, status_code_retries=0, service_type='baremetal'
)
