# SPDX-License-Identifier: Apache-2.0
"""What leads to the removal of a node from Ironic."""

from openstack.baremetal.v1 import _proxy
from openstack.baremetal.v1 import node as sdk_node

from valence.common import exception
from valence.provisioning import base
from valence.provisioning.ironic import calls
from valence.provisioning.ironic.calls import calling

# The states in which a node can be deleted, and those from which it can be
# moved to one of them.
_REMOVABLE = ('enroll', 'manageable', 'adopt failed')
_MANAGEABLE = ('available', 'inspect failed', 'clean failed')
# What failed, and is of no use to anybody without an instance, can be deleted
# in maintenance. Nothing else leads out of these states without the hardware.
_BROKEN = (
    *('deploy failed', 'error', 'rescue failed', 'unrescue failed'),
    'service failed',
)
_ABORTABLE = ('inspect wait', 'clean wait')
_TRANSIENT = ('verifying', 'inspecting', 'cleaning', *_ABORTABLE)
_BEING_REMOVED = 'Valence removes the node from Ironic.'


def is_idle(state: str | None) -> bool:
    """Whether a node in a state can be removed: nobody uses it."""
    return state in (*_REMOVABLE, *_MANAGEABLE, *_BROKEN, base.MISSING)


def force(
    client: _proxy.Proxy, node: sdk_node.Node, deadline: base.Deadline
) -> None:
    """Delete a node in any state: Ironic allows that in maintenance."""
    with calling(deadline):
        if node.is_maintenance:
            client.delete_node(node)
            return
        client.set_node_maintenance(node, _BEING_REMOVED)
    raise base.InProgress(
        calls.POLL_SECONDS, 'the node is in maintenance in Ironic'
    )


def leads_out(client: _proxy.Proxy, node: sdk_node.Node, undo: bool) -> bool:
    """Delete a node without an instance, or bring it nearer to that.

    :returns: whether it is deleted.
    :raises ProvisioningConflict: if it is in use.
    """
    state = node.provision_state
    broken = state in _BROKEN
    if state in _REMOVABLE or (broken and node.is_maintenance):
        client.delete_node(node)
        return True
    if broken:
        # Nova gives no instance to a node in maintenance. That is looked
        # at again before it is deleted.
        client.set_node_maintenance(node, _BEING_REMOVED)
    elif state in _MANAGEABLE:
        client.set_node_provision_state(node, 'manage')
    elif not undo or state not in _TRANSIENT:
        raise exception.ProvisioningConflict(
            reason=f'the node is in use in Ironic, where it is {state}: '
            f'{_advice(state)}'
        )
    elif state in _ABORTABLE:
        client.set_node_provision_state(node, 'abort')
    return False


def _advice(state: str) -> str:
    """What to do about a node that is in use."""
    if state.endswith(' wait') or state.endswith('ing'):
        return 'wait until that has ended, or abort it there'
    return 'undeploy it there first'
