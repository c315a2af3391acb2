# SPDX-License-Identifier: Apache-2.0
import horizon


class Panel(horizon.Panel):
    """A panel that is there where there is a Valence."""

    permissions = ('openstack.services.composable',)
