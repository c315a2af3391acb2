# SPDX-License-Identifier: Apache-2.0
"""The client of Valence: a Python library, and ``openstack valence``.

:func:`add_service` adds the attribute ``composable`` to an openstacksdk
connection. :func:`connect` creates a connection with this attribute. To have
openstacksdk add it to all connections to a cloud, set
``vendor_hook: valenceclient:add_service`` in clouds.yaml.
"""

from valenceclient.service import SERVICE
from valenceclient.service import add_service
from valenceclient.service import connect

__all__ = ('SERVICE', 'add_service', 'connect')
