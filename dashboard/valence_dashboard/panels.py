# SPDX-License-Identifier: Apache-2.0
import horizon


class Panel(horizon.Panel):
    """A panel that requires Valence in the service catalog."""

    permissions = ('openstack.services.composable',)
