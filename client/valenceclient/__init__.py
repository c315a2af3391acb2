# SPDX-License-Identifier: Apache-2.0
"""The client of Valence: a Python library, and ``openstack valence``.

:func:`add_service` gives a connection of openstacksdk the attribute
``composable``; :func:`connect` makes a connection that has it. A cloud in
clouds.yaml that says ``vendor_hook: valenceclient:add_service`` gives it to
every connection that openstacksdk makes to that cloud.
"""

from valenceclient.service import SERVICE
from valenceclient.service import add_service
from valenceclient.service import connect

__all__ = ('SERVICE', 'add_service', 'connect')
