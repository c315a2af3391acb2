# SPDX-License-Identifier: Apache-2.0
"""What can be done with nodes of Ironic, by their states."""

from collections.abc import Collection

from openstack.baremetal.v1 import _proxy
from openstack.baremetal.v1 import node as sdk_node

from valence.provisioning.base import Kind
from valence.provisioning.base import Use

_FIELDS = (
    *('uuid', 'provision_state', 'instance_uuid', 'maintenance'),
    'power_state',
)
# Nova places no instance on a node of which Ironic does not know the power.
_NO_POWER = (None, 'error')
_KINDS = {
    **dict.fromkeys(('enroll', 'manageable'), Kind.IDLE),
    **dict.fromkeys(
        (
            *('verifying', 'inspecting', 'inspect wait', 'adopting'),
            *('cleaning', 'clean wait', 'clean hold'),
        ),
        Kind.COMING,
    ),
    **dict.fromkeys(
        (
            *('clean failed', 'inspect failed', 'adopt failed', 'error'),
            *('deploy failed', 'rescue failed', 'unrescue failed'),
            'service failed',
        ),
        Kind.BROKEN,
    ),
    'available': Kind.READY,
}


def of_classes(
    client: _proxy.Proxy, classes: Collection[str]
) -> dict[str, Use]:
    """What can be done with the nodes that have some resource classes."""
    return {
        node.id: Use(_kind(node), str(node.provision_state))
        for name in sorted(classes)
        for node in client.nodes(resource_class=name, fields=list(_FIELDS))
    }


def _kind(node: sdk_node.Node) -> Kind:
    if node.instance_id:
        return Kind.USED
    # All other states are those of nodes that are deployed.
    kind = _KINDS.get(node.provision_state, Kind.USED)
    if node.is_maintenance and kind is Kind.READY:
        return Kind.USED
    if node.power_state in _NO_POWER and kind is Kind.READY:
        return Kind.COMING
    return kind
