# SPDX-License-Identifier: Apache-2.0
"""Calls of Ironic."""

from valence.provisioning import remote

IRONIC = remote.Service(
    name='Ironic',
    group='ironic',
    kind='baremetal',
    header='x-openstack-ironic-api-version',
    # Ironic locks a node while it works on it.
    busy=(' locked', 'a state transition is in progress'),
)
POLL_SECONDS = remote.POLL_SECONDS
calling = IRONIC.calling
not_understood = IRONIC.not_understood
is_from_ironic = IRONIC.has_sent
