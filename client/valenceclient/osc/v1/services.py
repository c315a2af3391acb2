# SPDX-License-Identifier: Apache-2.0
"""``openstack valence driver list`` and ``conductor list``."""

from valenceclient.osc import base


class ListDrivers(base.List):
    """List the drivers, the supported kinds of pod managers."""

    collection = 'drivers'
    kind = 'driver'
    columns = ('name', 'description', 'capabilities')


class ListConductors(base.List):
    """List the conductors, the workers that talk to pod managers."""

    collection = 'conductors'
    kind = 'conductor'
    columns = ('uuid', 'hostname', 'heartbeat_at', 'drivers')
    long_columns = ('created_at',)
