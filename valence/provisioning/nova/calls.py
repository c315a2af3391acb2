# SPDX-License-Identifier: Apache-2.0
"""Calls of Nova."""

from valence.provisioning import remote

NOVA = remote.Service(
    name='Nova',
    group='nova',
    kind='compute',
    header='openstack-api-version',
)
calling = NOVA.calling

_proxy = remote.Proxy(NOVA)
client = _proxy.connected
forget = _proxy.forget
