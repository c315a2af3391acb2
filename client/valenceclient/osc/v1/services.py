# SPDX-License-Identifier: Apache-2.0
"""``openstack valence driver list`` and ``conductor list``."""

from valenceclient.osc import base


class ListDrivers(base.List):
    """List the drivers, the kinds of pod manager that can be registered."""

    collection = 'drivers'
    kind = 'driver'
    columns = ('name', 'description', 'capabilities')


class ListConductors(base.List):
    """List the conductors, the workers that talk to pod managers."""

    collection = 'conductors'
    kind = 'conductor'
    columns = ('uuid', 'hostname', 'heartbeat_at', 'drivers')
    more = ('created_at',)
